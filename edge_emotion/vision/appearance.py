"""Whether two boxes show the same face, told from a dozen pixels each way.

A thumbnail settles which of two crossing faces is which, and whether the face that comes out from
behind a pillar is the one that went in. It is far too coarse to know a person by, lives in memory
as long as its track, and is never published.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_emotion.vision.base import FaceBox, Picture
from edge_emotion.vision.opencv import cv2

_SIDE = 12
"""Pixels of a thumbnail's side."""
_NEWS = 0.2
"""Share of the newest view in what is remembered of a face."""

Appearance = npt.NDArray[np.float32]
"""float32, (432,): colours of 12×12 pixels, of mean 0 and length 1: brightness and contrast of the
light do not count. A face without any contrast is all zeros."""


def appearance(frame: Picture, box: FaceBox) -> Appearance:
    """What a face looks like: the part of its box that lies in the picture."""
    left, top = max(box.x, 0), max(box.y, 0)
    part = frame[top : max(box.y + box.height, 0), left : max(box.x + box.width, 0)]
    if part.size == 0:
        return np.zeros(_SIDE * _SIDE * 3, np.float32)
    small = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return _normalised(np.asarray(small, np.float32).ravel())


def blended(old: Appearance, new: Appearance) -> Appearance:
    """What is remembered of a face after one more view."""
    return _normalised(old + _NEWS * (new - old))


def _normalised(values: Appearance) -> Appearance:
    centred = values - values.mean()
    length = float(np.linalg.norm(centred))
    return np.asarray(centred / max(length, 1e-6), np.float32)
