"""FER-2013 as image files in class folders, decoded into one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge_emotion.data.faceset import FaceTable, Split
from edge_emotion.data.layout import place
from edge_emotion.data.picture import MAX_BYTES, NotAPicture, Picture, decode
from edge_emotion.data.tree import Tree
from edge_emotion.errors import DataError


def read_images(tree: Tree, entries: Sequence[str]) -> FaceTable:
    """Decode every image under the split folders.

    Raises:
        DataError: the folders are not FER-2013's, or a picture is damaged; names it.
    """
    placed = place(entries, str(tree.source))
    pictures = [_picture(tree, item.entry) for item in placed]
    partitions = list(Split)
    return FaceTable(
        images=np.stack([picture.face for picture in pictures]),
        labels=np.array([item.emotion.position for item in placed], np.uint8),
        partitions=np.array([partitions.index(item.partition) for item in placed], np.uint8),
        sizes=np.array([(picture.height, picture.width) for picture in pictures], np.int32),
        colour=np.array([picture.colour for picture in pictures], np.bool_),
        paths=tuple(item.path for item in placed),
    )


def _picture(tree: Tree, entry: str) -> Picture:
    try:
        return decode(tree.read(entry, MAX_BYTES))
    except NotAPicture as error:
        raise DataError(
            f"{tree.source}: image {entry!r} is corrupt ({error})",
            "remove it or download the dataset again",
        ) from error
