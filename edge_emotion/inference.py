"""Faces to emotions, and pictures to faces with emotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.artifact import DEFAULT_MODEL, Manifest, resolve_model
from edge_emotion.backends import Faces, LoadOptions, Session, SessionInfo, get_backend
from edge_emotion.backends.auto import choose_backend
from edge_emotion.closing import Closing
from edge_emotion.emotions import FACE_SIZE, Emotion
from edge_emotion.errors import UsageError
from edge_emotion.evaluation import softmax
from edge_emotion.vision import FAST, Detector, FaceBox, Picture, get_detector

Probabilities = npt.NDArray[np.float32]


class EmotionClassifier(Closing):
    """A loaded model that gives calibrated probabilities.

    Not thread-safe. Close it, or use it as a context manager.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def load(
        cls, model: str = DEFAULT_MODEL, backend: str = "auto", threads: int | None = None
    ) -> EmotionClassifier:
        """Load a model.

        Args:
            model: path to a model file, or a shipped name.
            backend: a name of ``backends.REGISTRY``, or ``auto``.
            threads: CPU threads inside one inference; ``None`` is every core.

        Raises:
            ArtifactError: no such model, or it does not verify.
            BackendUnavailable: the backend is not installed.
            BackendError: the backend refused the model.
        """
        artifact = resolve_model(model)
        runtime = choose_backend(artifact, threads) if backend == "auto" else get_backend(backend)
        return cls(runtime.load(artifact, LoadOptions(threads=threads)))

    @property
    def manifest(self) -> Manifest:
        """What is known of the model that runs."""
        return self._session.artifact.manifest

    def info(self) -> SessionInfo:
        """What runs it, as the runtime reports."""
        return self._session.info()

    def predict(self, faces: Faces) -> Probabilities:
        """Classify faces.

        Args:
            faces: uint8, (N, 48, 48), grayscale; N may be 0.

        Returns:
            float32, (N, 7), columns in the order of ``Emotion``: softmax of the logits divided
            by the manifest's temperature (Guo et al., "On Calibration of Modern Neural
            Networks", ICML 2017).

        Raises:
            BackendError: wrong shape or type, closed, or the runtime failed.
        """
        if len(faces) == 0:
            return np.empty((0, len(Emotion)), np.float32)
        logits = self._session.infer(faces) / self.manifest.temperature
        return softmax(logits).astype(np.float32)

    def close(self) -> None:
        """Release the runtime; closing twice is harmless."""
        self._session.close()


@dataclass(frozen=True)
class FaceEmotion:
    """What was read from one face.

    Args:
        box: where the face is.
        emotion: the most probable one.
        probability: of that emotion, 0 to 1.
        probabilities: of all seven; they sum to 1.
    """

    box: FaceBox
    emotion: Emotion
    probability: float
    probabilities: dict[Emotion, float]


class FacePipeline(Closing):
    """Pictures in, faces with emotions out.

    Args:
        model: path to a model file, or a shipped name.
        backend: a name of ``backends.REGISTRY``, or ``auto``.
        detector: a name of ``vision.DETECTORS``.
        detector_side: pictures are scaled down to this many pixels to look for faces.
        threads: CPU threads inside one inference; ``None`` is every core.

    Raises:
        EdgeEmotionError: the model, the backend or the detector cannot be had.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        backend: str = "auto",
        detector: str = "auto",
        detector_side: int = FAST,
        threads: int | None = None,
    ) -> None:
        self.detector: Detector = get_detector(detector, detector_side, threads)
        self.classifier = EmotionClassifier.load(model, backend, threads)

    def __call__(self, frame: Picture) -> list[FaceEmotion]:
        """The faces of one BGR picture, uint8 (height, width, 3), the surest first."""
        return self.classify([frame], [self.detect(frame)])[0]

    def detect(self, frame: Picture) -> list[FaceBox]:
        """Where the faces of one BGR picture are.

        Raises:
            UsageError: it is not a BGR picture.
        """
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
            raise UsageError(
                f"a picture must be uint8 of shape (height, width, 3), "
                f"got {frame.dtype} {frame.shape}",
                "read it with cv2.imread, or convert it to BGR",
            )
        return self.detector.detect(frame)

    def classify(
        self, frames: Sequence[Picture], boxes: Sequence[Sequence[FaceBox]]
    ) -> list[list[FaceEmotion]]:
        """Read the faces of several pictures in one batch.

        Args:
            frames: BGR pictures.
            boxes: the faces of each picture.

        Returns:
            For each picture its faces, in the order of its boxes.
        """
        from edge_emotion.vision.crop import crop_face  # here: a classifier alone needs no OpenCV

        margin = self.detector.margin
        crops = [
            crop_face(frame, box, margin)
            for frame, of_frame in zip(frames, boxes, strict=True)
            for box in of_frame
        ]
        faces = np.stack(crops) if crops else np.empty((0, FACE_SIZE, FACE_SIZE), np.uint8)
        rows = iter(self.classifier.predict(faces))
        return [[_face(box, next(rows)) for box in of_frame] for of_frame in boxes]

    def close(self) -> None:
        """Release the model; closing twice is harmless."""
        self.classifier.close()


def _face(box: FaceBox, row: Probabilities) -> FaceEmotion:
    probabilities = dict(zip(Emotion, row.tolist(), strict=True))
    emotion = max(probabilities, key=probabilities.__getitem__)
    return FaceEmotion(box, emotion, probabilities[emotion], probabilities)
