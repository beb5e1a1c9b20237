"""Open a dataset, whatever its form, through the cache."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np

from edge_emotion.data import cache
from edge_emotion.data.faceset import DatasetWarning, FaceSet, FaceTable, Split
from edge_emotion.data.layout import TABLE_NAMES
from edge_emotion.data.table import read_table
from edge_emotion.data.tree import TABLE_BYTES, FolderTree, Tree, unreadable, zip_tree
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import DataError
from edge_emotion.jsonio import sha256_of

SYNTHETIC = "synthetic"
"""The source that needs no download."""


def load_dataset(source: str | Path, split: Split) -> FaceSet:
    """The faces of one split, sorted by path.

    Args:
        source: FER-2013 as Kaggle packs it: a zip, its unpacked folder, or ``fer2013.csv`` /
            ``icml_face_data.csv``; or ``"synthetic"`` for drawn faces.
        split: which faces.

    Pictures of another size are resized to 48×48 (not keeping their aspect) and colour is
    converted to grayscale, with one ``DatasetWarning`` that counts them. A source is decoded once
    and then read from the cache.

    Raises:
        DataError: the source cannot be read, or has no face in ``split``.
    """
    return choose_split(*read_source(source), split, source)


def choose_split(table: FaceTable, sha256: str, split: Split, source: str | Path) -> FaceSet:
    """One split of what ``read_source`` gave; warns and raises as ``load_dataset`` does."""
    faces = table.select(split, sha256)
    if not len(faces):
        raise DataError(
            f"{source}: no images in split {split.value!r}",
            f"it has: {', '.join(found.value for found in table.splits())}",
        )
    rows = table.rows(split)
    resized = int(np.count_nonzero(table.resized()[rows]))
    colour = int(np.count_nonzero(table.colour[rows]))
    if resized or colour:
        warnings.warn(
            f"{source}: of {len(faces)} images in split {split.value!r}, {resized} were resized "
            f"to {FACE_SIZE}×{FACE_SIZE} and {colour} converted from colour to grayscale",
            DatasetWarning,
            stacklevel=3,
        )
    return faces


def read_source(source: str | Path) -> tuple[FaceTable, str]:
    """Every face of a source, and the source's sha256.

    Raises:
        DataError: the source cannot be read.
    """
    if source == SYNTHETIC:
        from edge_emotion.data.synthetic import draw_faces

        return draw_faces()
    path = Path(source)
    try:
        if path.is_dir():
            return _read_tree(FolderTree(path))
        if not path.is_file():
            raise DataError(
                f"no such dataset: {path}", f"give a zip, a folder, a CSV, or {SYNTHETIC!r}"
            )
        if path.suffix.lower() == ".csv":
            return _read_csv(path)
        with zip_tree(path) as tree:
            return _read_tree(tree)
    except OSError as error:
        raise unreadable(str(path), error) from error


def _read_csv(path: Path) -> tuple[FaceTable, str]:
    def decode() -> FaceTable:
        with path.open("rb") as stream:
            return read_table(stream, path.name, str(path))

    return _through_cache(sha256_of(path), decode)


def _read_tree(tree: Tree) -> tuple[FaceTable, str]:
    def decode() -> FaceTable:
        entries = tree.entries()
        csv = next((entry for entry in entries if PurePosixPath(entry).name in TABLE_NAMES), None)
        if csv is None:
            from edge_emotion.data.images import read_images

            return read_images(tree, entries)
        with tree.open(csv, TABLE_BYTES) as stream:
            return read_table(stream, PurePosixPath(csv).name, f"{tree.source}: {csv}")

    return _through_cache(tree.sha256(), decode)


def _through_cache(sha256: str, decode: Callable[[], FaceTable]) -> tuple[FaceTable, str]:
    table = cache.fetch(sha256)
    if table is None:
        table = decode()
        cache.keep(sha256, table)
    return table, sha256
