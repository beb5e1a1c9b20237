"""A picture in, its faces out, beside the loop and not in its way."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import imagesize
import numpy as np
from pydantic import BaseModel, ConfigDict

from edge_emotion.emotions import Emotion
from edge_emotion.errors import EdgeEmotionError
from edge_emotion.inference import FaceEmotion, FacePipeline
from edge_emotion.vision import Picture
from edge_emotion.vision.opencv import cv2

MAX_PIXELS = 25_000_000
"""Pixels of a picture: 75 MB when decoded. Read from its header, before it is decoded."""

MAX_WAITING = 4
"""Pictures that may wait for their turn."""

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WEBP = (b"RIFF", b"WEBP")


class PictureRefused(EdgeEmotionError):
    """A picture that will not be looked at.

    Args:
        status: the HTTP status that says so.
        message: why.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PredictedFace(BaseModel):
    """One face of a picture."""

    model_config = ConfigDict(frozen=True)

    box: tuple[int, int, int, int]
    """Left, top, width and height, in pixels of the picture."""
    score: float
    """The detector's confidence."""
    emotion: Emotion
    probability: float
    probabilities: dict[Emotion, float]


class Prediction(BaseModel):
    """What was read from a picture."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    model: str
    backend: str
    detector: str
    faces: tuple[PredictedFace, ...]


class Predictor:
    """Reads pictures one after another, with a pipeline and a thread of its own.

    Args:
        open_pipeline: makes the pipeline, when the first picture comes.
    """

    def __init__(self, open_pipeline: Callable[[], FacePipeline]) -> None:
        self._open = open_pipeline
        self._pipeline: FacePipeline | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._waiting = 0

    async def predict(self, content: bytes) -> Prediction:
        """Read the faces of an encoded picture.

        Args:
            content: JPEG, PNG or WebP.

        Raises:
            PictureRefused: too many wait, or it is no such picture, or too large a one.
        """
        if self._waiting >= MAX_WAITING:
            raise PictureRefused(503, "too many pictures wait")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._predict, content
            )
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Wait for the picture in hand, and release the model."""
        self._thread.shutdown(cancel_futures=True)
        if self._pipeline is not None:
            self._pipeline.close()

    def _predict(self, content: bytes) -> Prediction:
        picture = decode(content)
        if self._pipeline is None:
            self._pipeline = self._open()
        pipeline = self._pipeline
        return Prediction(
            width=picture.shape[1],
            height=picture.shape[0],
            model=pipeline.classifier.manifest.name,
            backend=pipeline.classifier.info().backend,
            detector=pipeline.detector.name,
            faces=tuple(_face(face) for face in pipeline(picture)),
        )


def decode(content: bytes) -> Picture:
    """Decode a picture that somebody sent, after a look at its kind and its size.

    Raises:
        PictureRefused: no JPEG, PNG or WebP, more than ``MAX_PIXELS``, or damaged.
    """
    if not content.startswith(_SIGNATURES) and (content[:4], content[8:12]) != _WEBP:
        raise PictureRefused(415, "send a JPEG, PNG or WebP picture")
    width, height = _stated_size(content)
    if width <= 0 or height <= 0:
        raise PictureRefused(422, "the picture states no size")
    if width * height > MAX_PIXELS:
        raise PictureRefused(413, f"a picture has at most {MAX_PIXELS} pixels")
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise PictureRefused(422, "the picture cannot be decoded")
    return np.asarray(picture, np.uint8)


def _stated_size(content: bytes) -> tuple[int, int]:
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except Exception as error:  # a header parser meets whatever people send
        raise PictureRefused(422, "the picture's header cannot be read") from error
    return int(width), int(height)


def _face(face: FaceEmotion) -> PredictedFace:
    box = face.box
    return PredictedFace(
        box=(box.x, box.y, box.width, box.height),
        score=box.score,
        emotion=face.emotion,
        probability=face.probability,
        probabilities=face.probabilities,
    )
