"""FER+: what ten people each saw in the faces of FER-2013.

Source: E. Barsoum et al., "Training deep networks for facial expression recognition with
crowd-sourced label distribution", ICMI 2016, arXiv:1608.01041, and the reader published with the
labels (https://github.com/microsoft/FERPlus, ``src/ferplus.py``), whose rules these are: a choice
with a single vote is an outlier and does not count; a choice wins with more than half of the votes
that count, of all ten columns; a face on which none wins, or "unknown" or "not a face" does, is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import LABELS

CHOICES = (*LABELS, "contempt", "unknown", "not_a_face")
"""What could be voted for: the seven classes in the order of ``Emotion``, then three more."""

EMOTIONS = len(LABELS) + 1
"""The choices that are emotions: FER+'s eight classes, contempt last."""

NO_MAJORITY = -1


@dataclass(frozen=True)
class Votes:
    """The votes on a row of faces.

    Attributes:
        counts: int64 (N, 10), votes for each of ``CHOICES``; all 0 where nobody was asked.
    """

    counts: npt.NDArray[np.int64]

    def majority(self) -> npt.NDArray[np.int64]:
        """The position in ``CHOICES`` that won, or ``NO_MAJORITY``: (N,)."""
        counted = self._counted()
        wins = 2 * counted.max(axis=1) > counted.sum(axis=1)
        return np.where(wins, counted.argmax(axis=1), NO_MAJORITY)

    def shares(self, classes: int) -> npt.NDArray[np.float32]:
        """Votes for the first ``classes`` of ``CHOICES``, as shares of their sum.

        Returns:
            float32 (N, classes); a row is all 0 where no vote for any of them counts.
        """
        kept = self._counted()[:, :classes]
        totals = np.maximum(kept.sum(axis=1, keepdims=True), 1)
        return np.asarray(kept / totals, np.float32)

    def missing(self) -> npt.NDArray[np.bool_]:
        """The faces on which nobody was asked: bool (N,)."""
        return np.asarray(~self.counts.any(axis=1))

    def _counted(self) -> npt.NDArray[np.int64]:
        return np.where(self.counts == 1, 0, self.counts)
