"""A JPEG or PNG file's bytes as a 48×48 grayscale face, refused unless they are whole."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import FACE_SIZE

MAX_BYTES = 8 << 20
"""Largest file read as one face picture; FER-2013's are under 3 kB."""

MAX_PIXELS = 64_000_000
"""Largest picture decoded: a small file can announce gigabytes of pixels."""

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_COLOUR_BIT = 2  # of the colour type: RGB, RGBA and palette have it, grey has not
_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8\xff", 0xDA, b"\xff\xd9"
# Start-of-frame markers, ITU T.81 table B.1: C0-CF but DHT (C4), JPG (C8) and DAC (CC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class NotAPicture(Exception):
    """The bytes are no whole JPEG or PNG picture; says why."""


@dataclass(frozen=True)
class Picture:
    """One decoded face.

    Attributes:
        face: uint8 (48, 48), grayscale.
        height: rows of the stored picture, in pixels.
        width: columns of the stored picture, in pixels.
        colour: whether the stored picture has colour channels.
    """

    face: npt.NDArray[np.uint8]
    height: int
    width: int
    colour: bool


def decode(content: bytes) -> Picture:
    """Decode a JPEG or PNG by its content, whatever its name; other sizes are resized to 48×48.

    Raises:
        NotAPicture: neither format, truncated, damaged, or more than ``MAX_PIXELS``.
    """
    if content.startswith(_PNG_MAGIC):
        height, width, colour = _png_header(content)
    elif content.startswith(_JPEG_START):
        height, width, colour = _jpeg_header(content)
    else:
        raise NotAPicture("neither JPEG nor PNG")
    if not 0 < height * width <= MAX_PIXELS:
        raise NotAPicture(f"{width}×{height} pixels")
    try:
        grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        grey = None
    if grey is None:
        raise NotAPicture("damaged")
    if grey.shape != (FACE_SIZE, FACE_SIZE):
        # Area averaging does not alias when shrinking, but repeats pixels when enlarging.
        method = cv2.INTER_AREA if min(grey.shape) >= FACE_SIZE else cv2.INTER_CUBIC
        grey = cv2.resize(grey, (FACE_SIZE, FACE_SIZE), interpolation=method)
    return Picture(np.asarray(grey, np.uint8), height, width, colour)


def _png_header(content: bytes) -> tuple[int, int, bool]:
    """Height, width and colour, after checking every chunk's CRC up to IEND."""
    position = len(_PNG_MAGIC)
    kinds: list[bytes] = []
    while not kinds or kinds[-1] != b"IEND":
        length = int.from_bytes(content[position : position + 4], "big")
        body_end = position + 8 + length
        stored = content[body_end : body_end + 4]
        if len(stored) < 4:
            raise NotAPicture("truncated")
        body = content[position + 4 : body_end]
        if zlib.crc32(body) != int.from_bytes(stored, "big"):
            raise NotAPicture("damaged")
        kinds.append(body[:4])
        position = body_end + 4
    header = content[8:33]
    if kinds[0] != b"IHDR" or len(header) < 25:
        raise NotAPicture("damaged")
    width, height = int.from_bytes(header[8:12], "big"), int.from_bytes(header[12:16], "big")
    return height, width, bool(header[17] & _PNG_COLOUR_BIT)


def _jpeg_header(content: bytes) -> tuple[int, int, bool]:
    """Height, width and colour, after checking that the scan data reach the end marker."""
    position, size = 2, None
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            frame = content[position + 5 : position + 10]
            size = (int.from_bytes(frame[0:2], "big"), int.from_bytes(frame[2:4], "big"), frame[4:])
        if marker == _JPEG_SCAN:
            break
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    # Scan data escape every FF, so the first FFD9 after their start is the true end. OpenCV fills
    # what a cut file lacks with grey and says nothing.
    if size is None or _JPEG_END not in content[position:]:
        raise NotAPicture("truncated")
    return size[0], size[1], size[2] != b"\x01"
