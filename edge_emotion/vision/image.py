"""Read a picture file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_emotion.errors import SourceError
from edge_emotion.vision.base import Picture
from edge_emotion.vision.opencv import cv2, native_stderr_closed


def read_image(path: Path) -> Picture:
    """Decode a picture of any format OpenCV knows, turned upright as its EXIF data says.

    Returns:
        BGR, uint8, (height, width, 3).

    Raises:
        SourceError: the file is missing, unreadable, truncated or no picture.
    """
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}", "check the path") from error
    try:
        with native_stderr_closed():
            picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise SourceError(
            f"{path} is not a picture that can be decoded", "it may be truncated: copy it again"
        )
    return np.asarray(picture, np.uint8)
