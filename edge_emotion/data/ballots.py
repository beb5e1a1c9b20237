"""Files of FER+ votes, and which face of a dataset each row is about."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.data.faceset import DatasetWarning, FaceSet, Split
from edge_emotion.data.ferplus import CHOICES, Votes
from edge_emotion.data.layout import SPLIT_FOLDERS
from edge_emotion.data.table import USAGES
from edge_emotion.errors import DataError
from edge_emotion.jsonio import sha256_of

# The columns of Microsoft's file, in the order of ``CHOICES``.
_COLUMNS = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
    "contempt",
    "unknown",
    "nf",
)

_ROW_OF_TABLE = re.compile(r"[^/]+#([0-9]+)")
"""Path of a face that a CSV gave."""


class _BadRow(Exception):
    """A row without votes; says why."""


@dataclass(frozen=True)
class Ballots:
    """Every row of a votes file.

    Attributes:
        source: the file, for messages.
        sha256: its identity.
        counts: int64 (M, 10), in the order of ``CHOICES``.
        splits: where each row's face belongs, as far as the row says: M of them.
        by_path: path of a face → row here; empty when the file has no paths.
        by_row: row of ``fer2013.csv`` → row here.
    """

    source: Path
    sha256: str
    counts: npt.NDArray[np.int64]
    splits: tuple[Split, ...]
    by_path: dict[str, int]
    by_row: dict[int, int]

    def on(self, faces: FaceSet) -> Votes:
        """The votes on these faces, with one ``DatasetWarning`` that counts those without.

        Raises:
            DataError: no face has votes, or the file is about another dataset.
        """
        found = [self._find(path) for path in faces.paths]
        rows = np.array([-1 if row is None else row for row in found], np.intp)
        if (rows < 0).all():
            raise DataError(
                f"{self.source} has no votes on any of the {len(faces)} images in split "
                f"{faces.split.value!r}",
                "image folders need a file with a 'path' column; fer2013new.csv is for fer2013.csv",
            )
        for path, row in zip(faces.paths, found, strict=True):
            if row is not None and not _compatible(self.splits[row], faces.split):
                raise DataError(
                    f"{self.source}: its votes on {path!r} are for a face in split "
                    f"{self.splits[row].value!r}, not {faces.split.value!r}",
                    "give fer2013.csv in its published order",
                )
        without = int(np.count_nonzero(rows < 0))
        if without:
            warnings.warn(
                f"{self.source}: no votes on {without} of {len(faces)} images in split "
                f"{faces.split.value!r}",
                DatasetWarning,
                stacklevel=2,
            )
        return Votes(np.where(rows[:, None] < 0, 0, self.counts[rows]))

    def _find(self, path: str) -> int | None:
        from_table = _ROW_OF_TABLE.fullmatch(path)
        return self.by_row.get(int(from_table[1])) if from_table else self.by_path.get(path)


def read_votes(path: Path) -> Ballots:
    """Read Microsoft's ``fer2013new.csv``, or a file ``path,fer2013_row,neutral,happiness,…``.

    Rows of the first are in the order of ``fer2013.csv``; the second names each face by its path
    under the split folders as well.

    Raises:
        DataError: it cannot be read, or is neither; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream)
            try:
                return _ballots(path, rows)
            except (_BadRow, csv.Error, UnicodeDecodeError) as error:
                raise DataError(
                    f"{path}: line {rows.line_num}: {error}", "download the votes again"
                ) from error
    except OSError as error:
        raise DataError(
            f"votes {path} cannot be read: {error.strerror or error}", "check the path"
        ) from error


def _ballots(path: Path, rows: Iterator[list[str]]) -> Ballots:
    header = [cell.strip().lower() for cell in next(rows, [])]
    by_usage = "usage" in header
    needed = (*_COLUMNS, *(() if by_usage else ("path", "fer2013_row")))
    missing = [column for column in needed if column not in header]
    if missing:
        raise DataError(
            f"{path} is no file of FER+ votes: no column {missing[0]!r}",
            "give fer2013new.csv, or a file with path, fer2013_row and the ten vote columns",
        )
    counts: list[list[int]] = []
    splits: list[Split] = []
    by_path: dict[str, int] = {}
    by_row: dict[int, int] = {}
    for cells in rows:
        if not cells:
            continue
        if len(cells) != len(header):
            raise _BadRow(f"{len(cells)} cells instead of {len(header)}")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        number = len(counts) if by_usage else _number(row["fer2013_row"], "fer2013_row")
        if number in by_row or row.get("path") in by_path:
            raise _BadRow("a second row of votes on one face")
        splits.append(_usage_split(row["usage"]) if by_usage else _folder_split(row["path"]))
        by_row[number] = len(counts)
        if not by_usage:
            by_path[row["path"]] = len(counts)
        counts.append([_number(row[column], column) for column in _COLUMNS])
    table = np.array(counts, np.int64).reshape(-1, len(CHOICES))
    return Ballots(path, sha256_of(path), table, tuple(splits), by_path, by_row)


def _number(text: str, column: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise _BadRow(f"{column} {text[:20]!r} is no whole number")
    return int(text)


def _usage_split(usage: str) -> Split:
    if usage not in USAGES:
        raise _BadRow(f"Usage {usage[:20]!r} is not one of {', '.join(USAGES)}")
    return USAGES[usage]


def _folder_split(path: str) -> Split:
    folder = path.partition("/")[0]
    if folder.lower() not in SPLIT_FOLDERS:
        raise _BadRow(f"path {path[:40]!r} is not under {', '.join(SPLIT_FOLDERS)}")
    return SPLIT_FOLDERS[folder.lower()]


def _compatible(one: Split, other: Split) -> bool:
    return one.holds(other) or other.holds(one)
