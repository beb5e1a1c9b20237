"""Where FER-2013's image folders put a face: from a path to its split and emotion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from edge_emotion.data.faceset import Split
from edge_emotion.emotions import Emotion
from edge_emotion.errors import DataError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")

TABLE_NAMES = ("fer2013.csv", "icml_face_data.csv")

SPLIT_FOLDERS = {"train": Split.TRAIN, "test": Split.TEST, "validation": Split.PUBLIC}

CLASS_FOLDERS = {emotion.value: emotion for emotion in Emotion} | {
    "disgusted": Emotion.DISGUST,
    "fearful": Emotion.FEAR,
    "surprised": Emotion.SURPRISE,
}
"""Both spellings in use on Kaggle."""

_TEST_FILES = {"publictest": Split.PUBLIC, "privatetest": Split.PRIVATE}


@dataclass(frozen=True)
class Placed:
    """An image file with its meaning.

    Attributes:
        entry: its name in the source, for reading.
        path: its name from the split folder on.
        partition: the narrowest split known.
        emotion: the class its folder names.
    """

    entry: str
    path: str
    partition: Split
    emotion: Emotion


def is_hidden(name: str) -> bool:
    """Whether a file or folder is an operating system's own, such as ``.DS_Store``."""
    return name.startswith(".") or name == "__MACOSX"


def place(entries: Iterable[str], source: str) -> list[Placed]:
    """Give each image its split and emotion, sorted by path.

    Args:
        entries: file names in POSIX form relative to the source, and folder names ending in "/".
            ``train/`` and ``test/`` are at the top or inside one folder more.
        source: how messages call the source.

    Raises:
        DataError: no split folder, a class folder that is unknown, missing or empty, or several
            datasets side by side.
    """
    folders = _class_folders(entries, source)
    placed: list[Placed] = []
    classes: dict[str, set[Emotion]] = defaultdict(set)
    for (top, split, folder), names in folders.items():
        emotion = _emotion_of(folder, f"{split}/{folder}", source)
        if not names:
            raise DataError(
                f"{source}: class folder {f'{split}/{folder}'!r} holds no images",
                f"put its {', '.join(IMAGE_SUFFIXES)} files there or download the dataset again",
            )
        classes[split.lower()].add(emotion)
        placed += [_placed(top, split, folder, name, emotion) for name in names]
    for split, found in classes.items():
        missing = [emotion.value for emotion in Emotion if emotion not in found]
        if missing:
            raise DataError(
                f"{source}: {split}/ has no class folder for {', '.join(missing)}",
                "each split needs all seven; download the dataset again",
            )
    return sorted(placed, key=lambda item: item.path)


def _class_folders(entries: Iterable[str], source: str) -> dict[tuple[str, str, str], list[str]]:
    """Image names by (extra top folder with "/" or "", split folder, class folder)."""
    folders: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for entry in entries:
        *parents, name = entry.split("/")
        if any(is_hidden(part) for part in (*parents, name)):
            continue
        if not 2 <= len(parents) <= 3 or parents[-2].lower() not in SPLIT_FOLDERS:
            continue
        top = f"{parents[0]}/" if len(parents) == 3 else ""
        names = folders[top, parents[-2], parents[-1]]
        if name.lower().endswith(IMAGE_SUFFIXES):
            names.append(name)
    tops = sorted({top for top, _, _ in folders})
    if not tops:
        raise DataError(
            f"{source}: no train/ or test/ folder with class folders in it",
            "give FER-2013 as Kaggle packs it: a zip, its unpacked folder, or fer2013.csv",
        )
    if "" not in tops and len(tops) > 1:
        raise DataError(
            f"{source}: several datasets side by side ({', '.join(tops)})", "give one of them"
        )
    # A copy nested one folder down, as some archives carry, yields to the one at the top.
    return {key: names for key, names in folders.items() if key[0] == tops[0]}


def _emotion_of(folder: str, shown: str, source: str) -> Emotion:
    emotion = CLASS_FOLDERS.get(folder.lower())
    if emotion is None:
        raise DataError(
            f"{source}: unknown class folder {shown!r}",
            f"rename or remove it; accepted are {', '.join(CLASS_FOLDERS)}",
        )
    return emotion


def _placed(top: str, split: str, folder: str, name: str, emotion: Emotion) -> Placed:
    partition = SPLIT_FOLDERS[split.lower()]
    if partition is Split.TEST:
        partition = _TEST_FILES.get(name.split("_")[0].lower(), Split.TEST)
    path = f"{split}/{folder}/{name}"
    return Placed(f"{top}{path}", path, partition, emotion)
