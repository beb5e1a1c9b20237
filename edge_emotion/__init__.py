"""Facial emotion recognition for edge devices.

``EmotionClassifier.load("small").predict(faces)`` classifies aligned faces;
``FacePipeline()(frame_bgr)`` finds the faces of a picture first.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge_emotion.inference import EmotionClassifier, FaceEmotion, FacePipeline

__version__ = version("edge-emotion")
__all__ = ["EmotionClassifier", "FaceEmotion", "FacePipeline", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the public classes on first use, so that the command line starts at once."""
    if name in ("EmotionClassifier", "FaceEmotion", "FacePipeline"):
        from edge_emotion import inference

        return getattr(inference, name)
    raise AttributeError(f"module 'edge_emotion' has no attribute {name!r}")
