"""What is wrong with a dataset: pictures that repeat, disagree, leak or show nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.data.clean import contradictory
from edge_emotion.data.duplicates import (
    BLANK_DEVIATION,
    NEAR_RMS,
    Likeness,
    Mask,
    Numbers,
    are_blank,
)
from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.data.source import read_source
from edge_emotion.data.summary import balance, class_counts
from edge_emotion.emotions import LABELS


@dataclass(frozen=True)
class Group:
    """Faces that show the same picture.

    Attributes:
        rows: their positions in the table, at least two.
        identical: whether all pixels of all are equal; else some are only near.
        contradictory: whether their labels differ.
        across: whether they stand in several splits.
    """

    rows: tuple[int, ...]
    identical: bool
    contradictory: bool
    across: bool


@dataclass(frozen=True)
class Repeats:
    """Duplicates within one split, by one measure of likeness.

    Attributes:
        groups: pictures that occur several times.
        images: the faces of those groups.
        contradictory: groups whose labels differ.
    """

    groups: int
    images: int
    contradictory: int


@dataclass(frozen=True)
class Leak:
    """Faces of one split that stand in another one too.

    Attributes:
        split: whose faces are counted.
        other: where they stand too.
        images: all faces of ``split``.
        identical: those equal pixel for pixel.
        near: those equal or near.
    """

    split: Split
    other: Split
    images: int
    identical: int
    near: int


@dataclass(frozen=True)
class Audit:
    """Everything found in a source.

    Attributes:
        source: as it was given.
        sha256: identity of the source.
        table: its faces.
        blank: which faces show nothing, bool (N,).
        identical: per split that faces are filed under, groups of equal faces.
        near: per split that faces are filed under, groups of near or equal faces.
        leaks: held-out splits in those before them.
        groups: every group of near or equal faces, over all splits.
    """

    source: str
    sha256: str
    table: FaceTable
    blank: Mask
    identical: dict[Split, Repeats]
    near: dict[Split, Repeats]
    leaks: tuple[Leak, ...]
    groups: tuple[Group, ...]

    def face(self, row: int) -> dict[str, str]:
        """What a face is called, where it is filed and what it is labelled."""
        return {
            "path": self.table.paths[row],
            "split": list(Split)[self.table.partitions[row]].value,
            "label": LABELS[self.table.labels[row]],
        }

    def document(self) -> dict[str, Any]:
        """Give the audit as a JSON document."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "images": len(self.table.paths),
            "limits": {"near_rms": NEAR_RMS, "blank_deviation": BLANK_DEVIATION},
            "splits": {
                split.value: balance(counts) | {"imbalance": imbalance(counts)}
                for split, counts in class_counts(self.table).items()
            },
            "within": {
                split.value: {"identical": asdict(self.identical[split]), "near": asdict(near)}
                for split, near in self.near.items()
            },
            "across": [asdict(leak) for leak in self.leaks],
            "blank": [self.face(int(row)) for row in np.flatnonzero(self.blank)],
            "groups": [
                {
                    "identical": group.identical,
                    "contradictory": group.contradictory,
                    "across": group.across,
                    "faces": [self.face(row) for row in group.rows],
                }
                for group in self.groups
            ],
        }


def audit(source: str | Path) -> Audit:
    """Compare all faces of a source with all; what it may be, ``load_dataset`` says.

    Raises:
        DataError: the source cannot be read.
    """
    table, sha256 = read_source(source)
    likeness = Likeness.of(table.images)
    parts = {
        split: table.partitions == code
        for code, split in enumerate(Split)
        if (table.partitions == code).any()
    }
    within = {split: (likeness.within(part), table.labels[part]) for split, part in parts.items()}
    return Audit(
        source=str(source),
        sha256=sha256,
        table=table,
        blank=are_blank(table.images),
        identical={
            split: _repeats(alike.pictures, labels) for split, (alike, labels) in within.items()
        },
        near={split: _repeats(alike.groups(), labels) for split, (alike, labels) in within.items()},
        leaks=tuple(_leaks(likeness, parts)),
        groups=tuple(_groups(likeness, table)),
    )


def imbalance(counts: tuple[int, ...]) -> float | None:
    """Faces of the largest class for one of the smallest; None when a class has none."""
    return max(counts) / min(counts) if min(counts) else None


def _repeats(groups: Numbers, labels: npt.NDArray[np.uint8]) -> Repeats:
    sizes = np.bincount(groups)
    disagreeing = np.unique(groups[contradictory(groups, labels)])
    return Repeats(
        groups=int(np.count_nonzero(sizes > 1)),
        images=int(sizes[sizes > 1].sum()),
        contradictory=len(disagreeing),
    )


def _leaks(likeness: Likeness, parts: dict[Split, Mask]) -> Iterator[Leak]:
    for (other, earlier), (split, part) in combinations(parts.items(), 2):
        yield Leak(
            split=split,
            other=other,
            images=int(np.count_nonzero(part)),
            identical=int(np.count_nonzero(part & likeness.identical_to(earlier))),
            near=int(np.count_nonzero(part & likeness.near_to(earlier))),
        )


def _groups(likeness: Likeness, table: FaceTable) -> Iterator[Group]:
    numbers = likeness.groups()
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        if len(rows) > 1:
            yield Group(
                rows=tuple(rows.tolist()),
                identical=len(set(likeness.pictures[rows].tolist())) == 1,
                contradictory=len(set(table.labels[rows].tolist())) > 1,
                across=len(set(table.partitions[rows].tolist())) > 1,
            )
