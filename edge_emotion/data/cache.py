"""Decoded datasets on disk, so that a source is decoded once."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import OutputError
from edge_emotion.jsonio import atomic_path, cache_directory

_FORMAT = 1
"""Raised when reading a source would give other faces than the release before."""

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    RuntimeError,  # encrypted or oddly compressed, as zipfile sees it
    TypeError,  # a single array, or paths that are no list
    AttributeError,  # the same, on Python 3.10
)
"""Whatever numpy, zipfile and json say of a file that ``keep`` did not write, or not fully."""


def fetch(source_sha256: str) -> FaceTable | None:
    """The faces kept for a source; None when there are none, or the file is damaged."""
    try:
        # NumPy leaves a file it opened itself open when it is no zip.
        with (
            _file(source_sha256).open("rb") as stream,
            np.load(stream, allow_pickle=False) as kept,
        ):
            table = FaceTable(
                images=kept["images"],
                labels=kept["labels"],
                partitions=kept["partitions"],
                sizes=kept["sizes"],
                colour=kept["colour"],
                paths=tuple(json.loads(kept["paths"].tobytes())),
            )
    except _BROKEN:
        return None
    return table if _is_sound(table) else None


def keep(source_sha256: str, table: FaceTable) -> None:
    """Keep the faces of a source; a place that cannot be written to costs time, not the load."""
    paths = np.frombuffer(json.dumps(table.paths).encode(), np.uint8)
    with (
        suppress(OutputError),
        atomic_path(_file(source_sha256)) as temporary,
        temporary.open("wb") as stream,
    ):
        np.savez(
            stream,
            images=table.images,
            labels=table.labels,
            partitions=table.partitions,
            sizes=table.sizes,
            colour=table.colour,
            paths=paths,
        )


def _file(source_sha256: str) -> Path:
    return cache_directory() / "datasets" / f"{source_sha256}-{_FORMAT}.npz"


def _is_sound(table: FaceTable) -> bool:
    """Whether shapes, types and ranges are what ``keep`` was given."""
    count = len(table.paths)
    expected: tuple[tuple[npt.NDArray[np.generic], type[np.generic], tuple[int, ...]], ...] = (
        (table.images, np.uint8, (count, FACE_SIZE, FACE_SIZE)),
        (table.labels, np.uint8, (count,)),
        (table.partitions, np.uint8, (count,)),
        (table.sizes, np.int32, (count, 2)),
        (table.colour, np.bool_, (count,)),
    )
    return (
        count > 0
        and all(array.dtype == kind and array.shape == shape for array, kind, shape in expected)
        and bool(table.labels.max() < len(LABELS) and table.partitions.max() < len(Split))
    )
