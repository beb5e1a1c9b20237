"""Facial emotion recognition for edge devices.

``EmotionClassifier.load("small").predict(faces)`` classifies aligned faces;
``FacePipeline()(frame_bgr)`` finds the faces of a picture first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from edge_emotion.inference import EmotionClassifier, FaceEmotion, FacePipeline

__all__ = ["EmotionClassifier", "FaceEmotion", "FacePipeline", "__version__"]


def __getattr__(name: str) -> Any:
    """Import what is public on first use, so that the command line starts at once."""
    if name in ("EmotionClassifier", "FaceEmotion", "FacePipeline"):
        from edge_emotion import inference

        return getattr(inference, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("edge-emotion")
    raise AttributeError(f"module 'edge_emotion' has no attribute {name!r}")
