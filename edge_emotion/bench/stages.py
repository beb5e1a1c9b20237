"""One face from nearer and from farther: the model, with its crop before it, and the whole loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge_emotion.backends import Session
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.frozen import Frozen, Positive
from edge_emotion.bench.plan import Variant
from edge_emotion.bench.timing import Lane, measure
from edge_emotion.data import Split, load_dataset

PICTURE = (720, 1280)
"""Height and width of the picture that faces are cut from."""
FACE = 220
"""Side of a face in it, in pixels."""


class LoopFigures(Frozen):
    """A run of the camera loop over a clip."""

    frames: int
    faces: int
    fps: Positive
    capture_to_event_p50_ms: Positive
    """From a frame's capture to its published events."""
    capture_to_event_p95_ms: Positive
    stages_p50_ms: dict[str, float]
    """Of each stage of the loop, for the frames that went through it."""


LoopRun = Callable[[Variant], LoopFigures]
"""Runs the camera loop with a variant's model on its backend."""


class Stages(Frozen):
    """A row's model at work."""

    prepared_ms: Latency
    """Cut a face from a picture of ``PICTURE``, make it gray and 48×48, and run the model."""
    loop: LoopFigures


def staged(variant: Variant) -> bool:
    """Whether this is what the loop runs: one thread, faces as they come, no narrower floats."""
    return (variant.threads, variant.batch, variant.inference_precision) == (1, 1, "f32")


def measure_prepared(session: Session, seconds: float) -> Latency:
    """Time a face from the picture that it is in to its logits.

    Raises:
        EdgeEmotionError: the backend failed.
    """
    prepared = _prepared(session)
    measure([prepared], seconds)
    if prepared.error is not None:
        raise prepared.error
    return Latency.of([sample for timed in prepared.rounds_ns for sample in timed])


def _prepared(session: Session) -> Lane:
    """Drawn faces in pictures, each cut out anew in every call."""
    from edge_emotion.vision import FaceBox
    from edge_emotion.vision.crop import crop_face
    from edge_emotion.vision.opencv import cv2

    height, width = PICTURE
    left, top = (width - FACE) // 2, (height - FACE) // 2
    box = FaceBox(left, top, FACE, FACE, 1.0)
    pictures = []
    for face in load_dataset("synthetic", Split.PUBLIC).images[:16]:
        picture = np.full((height, width, 3), 96, np.uint8)
        drawn = cv2.resize(face, (FACE, FACE))
        picture[top : top + FACE, left : left + FACE] = drawn[..., None]
        pictures.append(picture)
    return Lane(lambda picture: session.infer(crop_face(picture, box)[None]), pictures)
