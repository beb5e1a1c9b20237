"""FER-2013 as one CSV: ``emotion,pixels,Usage``, a face a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import IO

import numpy as np

from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.emotions import FACE_SIZE, Emotion
from edge_emotion.errors import DataError

_COLUMNS = ("emotion", "pixels", "Usage")

# The CSV's own numbering, from the competition's data page.
_EMOTIONS = (
    Emotion.ANGRY,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPY,
    Emotion.SAD,
    Emotion.SURPRISE,
    Emotion.NEUTRAL,
)

USAGES = {
    "Training": Split.TRAIN,
    "PublicTest": Split.PUBLIC,
    "PrivateTest": Split.PRIVATE,
}

_PIXEL_COUNT = FACE_SIZE * FACE_SIZE
_PIXELS = re.compile(rf"[0-9]{{1,3}}(?: [0-9]{{1,3}}){{{_PIXEL_COUNT - 1}}}", re.ASCII)


class _BadRow(Exception):
    """A row that is no face; says why."""


def read_table(stream: IO[bytes], name: str, source: str) -> FaceTable:
    """Read every row of ``fer2013.csv`` or ``icml_face_data.csv`` (same columns, other spacing).

    Args:
        stream: the CSV, UTF-8; closed at the end.
        name: its file name, for the paths of the faces.
        source: how messages call it.

    Raises:
        DataError: not that CSV; names the line.
    """
    pixels = bytearray()
    labels: list[int] = []
    partitions: list[int] = []
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        try:
            for emotion, face, usage in _cells(rows, source):
                labels.append(_label(emotion))
                partitions.append(_partition(usage))
                pixels += _face(face)
        except (_BadRow, csv.Error, UnicodeDecodeError) as error:
            raise DataError(
                f"{source}: line {rows.line_num}: {error}", "download the dataset again"
            ) from error
    if not labels:
        raise DataError(f"{source}: no rows", "download the dataset again")
    count = len(labels)
    return FaceTable(
        images=np.frombuffer(pixels, np.uint8).reshape(count, FACE_SIZE, FACE_SIZE),
        labels=np.array(labels, np.uint8),
        partitions=np.array(partitions, np.uint8),
        sizes=np.full((count, 2), FACE_SIZE, np.int32),
        colour=np.zeros(count, np.bool_),
        paths=tuple(f"{name}#{row}" for row in range(count)),
    )


def _cells(rows: Iterator[list[str]], source: str) -> Iterator[tuple[str, str, str]]:
    """Emotion, pixels and Usage of each row that is not blank."""
    header = [cell.strip().lower() for cell in next(rows, [])]
    missing = [column for column in _COLUMNS if column.lower() not in header]
    if missing:
        raise DataError(
            f"{source}: no column {' or '.join(missing)}",
            "give fer2013.csv or icml_face_data.csv, which have emotion,pixels,Usage",
        )
    emotion, pixels, usage = (header.index(column.lower()) for column in _COLUMNS)
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise _BadRow(f"{len(row)} cells instead of {len(header)}")
        yield row[emotion].strip(), row[pixels].strip(), row[usage].strip()


def _label(emotion: str) -> int:
    if emotion not in {str(code) for code in range(len(_EMOTIONS))}:
        raise _BadRow(f"emotion {emotion[:20]!r} is not 0 to {len(_EMOTIONS) - 1}")
    return _EMOTIONS[int(emotion)].position


def _partition(usage: str) -> int:
    if usage not in USAGES:
        raise _BadRow(f"Usage {usage[:20]!r} is not one of {', '.join(USAGES)}")
    return list(Split).index(USAGES[usage])


def _face(pixels: str) -> bytes:
    """The pixels as 48·48 bytes, row by row."""
    if not _PIXELS.fullmatch(pixels):
        raise _BadRow(f"pixels are not {_PIXEL_COUNT} numbers, but {len(pixels.split())}")
    values = np.fromstring(pixels, np.int16, sep=" ")
    if values.max() > 255:
        raise _BadRow(f"a pixel is {values.max()}, more than 255")
    return values.astype(np.uint8).tobytes()
