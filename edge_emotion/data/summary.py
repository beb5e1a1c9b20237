"""How many faces of which class a dataset holds, and what its pictures are like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.data.source import read_source
from edge_emotion.emotions import LABELS


@dataclass(frozen=True)
class DatasetSummary:
    """Counts over a whole source.

    Attributes:
        source: as it was given.
        sha256: identity of the source.
        splits: per split that has faces, the faces of each class in ``Emotion``'s order; ``test``
            counts those of ``public`` and ``private`` again.
        sizes: images by (width, height) of the stored picture in pixels, commonest first.
        colour: images stored with colour channels.
    """

    source: str
    sha256: str
    splits: dict[Split, tuple[int, ...]]
    sizes: dict[tuple[int, int], int]
    colour: int

    def document(self) -> dict[str, Any]:
        """Give the summary as a JSON document."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "splits": {split.value: balance(counts) for split, counts in self.splits.items()},
            "sizes": [
                {"width": width, "height": height, "images": images}
                for (width, height), images in self.sizes.items()
            ],
            "colour": self.colour,
        }


def summarise(source: str | Path) -> DatasetSummary:
    """Count the faces of a source; what it may be, ``load_dataset`` says.

    Raises:
        DataError: the source cannot be read.
    """
    table, sha256 = read_source(source)
    sizes = Counter((int(width), int(height)) for height, width in table.sizes)
    return DatasetSummary(
        source=str(source),
        sha256=sha256,
        splits=class_counts(table),
        sizes=dict(sizes.most_common()),
        colour=int(np.count_nonzero(table.colour)),
    )


def class_counts(table: FaceTable) -> dict[Split, tuple[int, ...]]:
    """Faces of each class in ``Emotion``'s order, per split that has faces."""
    return {
        split: tuple(np.bincount(table.labels[table.rows(split)], minlength=len(LABELS)).tolist())
        for split in table.splits()
    }


def balance(counts: tuple[int, ...]) -> dict[str, Any]:
    """Counts of a split's classes, with their shares, as a JSON document."""
    return {
        "images": sum(counts),
        "classes": {
            label: {"images": count, "share": count / sum(counts)}
            for label, count in zip(LABELS, counts, strict=True)
        },
    }
