"""Write an MP4 that can be played up to its last second however the process ends.

The container is fragmented: each second is a whole of its own, with its index beside it, and is
handed to the system as soon as it is complete. PyAV writes it; OpenCV cannot.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.video.frame import PictureType
from av.video.stream import VideoStream

from edge_emotion.errors import OutputError
from edge_emotion.vision import Picture

_CODECS = ("libx264", "mpeg4")
"""H.264 where this build of FFmpeg encodes it, which browsers play; else MPEG-4 part 2."""
_H264 = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"}
"""A frame that goes in comes out: none is waiting inside the encoder when the process dies."""
_CONTAINER = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "flush_packets": "1",
}
_TICKS = 90_000
"""Of a second: what MP4's frame times are counted in, as is usual for video."""


class FragmentedMp4:
    """An MP4 in fragments of a second.

    Args:
        path: the file; an existing one is replaced.
        size: width and height in pixels, both even.
        rate: frames per second.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        self._path = path
        codec = next(name for name in _CODECS if name in av.codec.codecs_available)
        try:
            self._container = av.open(str(path), "w", format="mp4", container_options=_CONTAINER)
        except (av.error.FFmpegError, OSError) as error:
            raise self._refused(error) from error
        exact = Fraction(rate).limit_denominator(1001)
        stream = self._container.add_stream(codec, exact, _H264 if codec == "libx264" else {})
        assert isinstance(stream, VideoStream)  # noqa: S101 - of a video codec
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        self._stream = stream
        self._last_tick = -1
        self._fragment_began = -_TICKS

    def write(self, picture: Picture, position: float) -> None:
        """Append one BGR picture of the file's size, to be shown at ``position`` seconds.

        Raises:
            OutputError: the disk is full, or the file is gone.
        """
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = max(round(position * _TICKS), self._last_tick + 1)
        frame.time_base = Fraction(1, _TICKS)
        self._last_tick = frame.pts
        if frame.pts - self._fragment_began >= _TICKS:
            frame.pict_type = PictureType.I  # a key frame begins a fragment
            self._fragment_began = frame.pts
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise self._refused(error) from error

    def close(self) -> None:
        """Write the last fragment; closing twice is harmless.

        Raises:
            OutputError: the disk is full.
        """
        try:
            if self._stream.codec_context.is_open:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except av.error.EOFError:
            pass  # it was closed before
        except (av.error.FFmpegError, OSError) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> OutputError:
        reason = getattr(error, "strerror", None) or error
        return OutputError(
            f"cannot write {self._path}: {reason}",
            "choose a folder you may write to, with space left",
        )
