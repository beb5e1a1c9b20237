"""What teachers said once about each training face, kept in a file: distillation at no cost.

A file of answers is safetensors with ``keys``, the identity of each face's pixels, and
``answers``, log-probabilities in half precision. Faces are found by their pixels, so the order,
the layout and the split of the dataset do not matter, and a face that stands there twice is
answered once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from edge_emotion.emotions import LABELS
from edge_emotion.errors import ArtifactError, DataError
from edge_emotion.jsonio import atomic_path

_FORMAT = "edge-emotion/answers/1"


@dataclass(frozen=True)
class Answers:
    """Class probabilities of known faces.

    Args:
        source: the file, for messages.
        keys: uint64 (M,), as ``pixel_keys`` gives them, sorted, each once.
        logarithms: float16 (M, 7), natural logarithms of probabilities.
    """

    source: Path
    keys: npt.NDArray[np.uint64]
    logarithms: npt.NDArray[np.float16]

    @classmethod
    def load(cls, path: Path) -> Answers:
        """Read a file of answers.

        Raises:
            ArtifactError: missing, truncated, or something else.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                if not _holds_answers(file.metadata()):
                    raise ArtifactError(
                        f"{path} holds no answers", "make it with export/answers.py"
                    )
                found = cls(path, file.get_tensor("keys"), file.get_tensor("answers"))
        except (SafetensorError, OSError) as error:
            raise ArtifactError(
                f"cannot read answers {path}: {error}", "make it again with export/answers.py"
            ) from error
        if found.logarithms.shape != (len(found.keys), len(LABELS)):
            raise ArtifactError(
                f"{path} holds answers of shape {found.logarithms.shape}",
                "make it again with export/answers.py",
            )
        return found

    def on(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Log-probabilities (N, 7) for faces, uint8 (N, 48, 48).

        Raises:
            DataError: some of them were never answered.
        """
        wanted = pixel_keys(images)
        places = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        unknown = int(np.count_nonzero(self.keys[places] != wanted))
        if unknown:
            raise DataError(
                f"{self.source} has no answer on {unknown:,} of {len(images):,} training faces",
                "distil on the dataset it was made of, or make answers with export/answers.py",
            )
        return np.asarray(self.logarithms[places], np.float32)


def save_answers(
    path: Path, images: npt.NDArray[np.uint8], probabilities: npt.NDArray[np.float32]
) -> None:
    """Write one file, atomically.

    Args:
        path: where.
        images: uint8 (N, 48, 48).
        probabilities: (N, 7), rows that sum to 1; of two equal faces the first one's is kept.
    """
    keys, first = np.unique(pixel_keys(images), return_index=True)
    smallest = np.finfo(np.float32).tiny
    logarithms = np.log(np.maximum(probabilities[first], smallest)).astype(np.float16)
    with atomic_path(path) as temporary:
        save_file({"keys": keys, "answers": logarithms}, temporary, {"format": _FORMAT})


def holds_answers(path: Path) -> bool:
    """Whether a file is one of answers; one that cannot be read is not."""
    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="numpy") as file:
            return _holds_answers(file.metadata())
    except (SafetensorError, OSError):
        return False


def pixel_keys(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Eight bytes of the BLAKE2 hash of each face's pixels: (N, 48, 48) → (N,)."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), "<u8")


def _holds_answers(metadata: dict[str, str] | None) -> bool:
    return (metadata or {}).get("format") == _FORMAT
