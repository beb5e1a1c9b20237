"""The images that models are judged on, with all that is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge_emotion.backends import Faces, Logits
from edge_emotion.data import FaceSet, Split
from edge_emotion.data.ballots import read_votes
from edge_emotion.data.ferplus import Votes
from edge_emotion.data.leaks import seen_in_training
from edge_emotion.data.source import choose_split, read_source
from edge_emotion.evaluation.answers import Labels, Mask
from edge_emotion.evaluation.examination import Examination, Truth, examine
from edge_emotion.evaluation.significance import Contrast


@dataclass(frozen=True)
class Exam:
    """One split, and what its faces show.

    Args:
        faces: every image of the split.
        votes: on the same faces, where people's votes are the truth.
        truth: the images that are judged, and their labels.
        seen: bool (N,), images near a training image; None where that is not to be told.
    """

    faces: FaceSet
    votes: Votes | None
    truth: Truth
    seen: Mask | None

    @classmethod
    def open(cls, source: str | Path, split: Split, votes: Path | None) -> Exam:
        """Read a dataset, and the file of votes where votes are to be the truth.

        Args:
            source: as ``load_dataset`` takes it.
            split: which faces.
            votes: file of FER+ votes.

        Raises:
            DataError: the dataset or the votes cannot be read, or have no face to judge by.
        """
        table, sha256 = read_source(source)
        faces = choose_split(table, sha256, split, source)
        given = None if votes is None else read_votes(votes).on(faces)
        return cls(faces, given, Truth.of(faces.labels, given), seen_in_training(table, split))

    @property
    def judged(self) -> tuple[Faces, Labels]:
        """The images that are judged, uint8 (M, 48, 48), and their labels (M,)."""
        return self.faces.images[self.truth.judged], self.truth.labels

    @property
    def fresh(self) -> Mask | None:
        """Bool (M,), those of the images that are judged that are near no training image."""
        return None if self.seen is None else ~self.seen[self.truth.judged]

    def examine(self, logits: Logits, temperature: float) -> Examination:
        """Judge a model by its logits (N, 7) on all ``faces``."""
        return examine(logits, self.faces.labels, temperature, self.seen, self.votes)

    def contrast(self, this: Logits, other: Logits) -> Contrast:
        """Compare two models by their logits (N, 7) on all ``faces``."""
        judged = self.truth.judged
        return Contrast.of(this[judged], other[judged], self.truth.labels)
