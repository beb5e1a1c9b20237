"""A frame with its faces drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_emotion.camera.base import TrackedFace
from edge_emotion.vision import Picture
from edge_emotion.vision.draw import COLOURS, UNNAMED, Caption, draw_face


def annotated(image: Picture, faces: Sequence[TrackedFace]) -> Picture:
    """A copy of a frame with every face marked: track, emotion and probability, or the reason."""
    picture = np.array(image)
    for face in faces:
        draw_face(picture, face.box, _caption(face))
    return picture


def _caption(face: TrackedFace) -> Caption:
    if face.emotion is None:
        return Caption(f"#{face.track} {face.reason}", UNNAMED, None)
    return Caption(f"#{face.track} {face.emotion.value}", COLOURS[face.emotion], face.probability)
