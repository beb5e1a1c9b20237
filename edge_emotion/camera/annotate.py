"""A frame with its faces drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_emotion.camera.base import TrackedFace
from edge_emotion.vision import Picture
from edge_emotion.vision.draw import COLOURS, UNNAMED, Caption, draw_face, draw_notice


def annotated(image: Picture, faces: Sequence[TrackedFace], notice: str | None = None) -> Picture:
    """A copy of a frame with every face marked: track, emotion and probability, or the reason.

    Args:
        image: BGR.
        faces: what was read from it.
        notice: a line along the lower edge.
    """
    picture = np.array(image)
    for face in faces:
        draw_face(picture, face.box, _caption(face))
    if notice is not None:
        draw_notice(picture, notice)
    return picture


def _caption(face: TrackedFace) -> Caption:
    if face.emotion is None:
        return Caption(f"#{face.track} {face.reason}", UNNAMED, None)
    return Caption(f"#{face.track} {face.emotion.value}", COLOURS[face.emotion], face.probability)
