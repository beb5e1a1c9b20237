"""Every layout FER-2013 is handed around in gives the same faces."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.data import DatasetWarning, FaceSet, Split, load_dataset, summarise
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError

MakeFolders = Callable[..., Path]

OTHER_SPELLING = ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
CSV_ORDER = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def first_two_of_each(faces: FaceSet) -> np.ndarray:
    return np.concatenate([faces.images[faces.labels == label][:2] for label in range(7)])


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def write_csv(path: Path, header: str, rows: list[tuple[int, np.ndarray, str]]) -> Path:
    lines = [f"{code},{' '.join(map(str, face.ravel()))},{usage}" for code, face, usage in rows]
    path.write_text("\n".join([header, *lines, ""]))
    return path


def test_folder_and_zip_give_the_faces_in_the_order_of_their_paths(
    tmp_path: Path, make_folders: MakeFolders, synthetic: FaceSet
) -> None:
    folder = make_folders(tmp_path / "fer")
    for source in (folder, zipped(folder), str(folder)):
        faces = load_dataset(source, Split.TRAIN)
        assert len(faces) == 14
        assert faces.paths == tuple(sorted(faces.paths))
        assert faces.paths[0] == "train/angry/Training_0.png"
        assert faces.labels.tolist() == [label for label in range(7) for _ in range(2)]
        assert (faces.images.dtype, faces.labels.dtype) == (np.uint8, np.int64)
        np.testing.assert_array_equal(faces.images, first_two_of_each(synthetic))


@pytest.mark.parametrize(
    ("classes", "suffix"),
    [
        (OTHER_SPELLING, ".png"),
        (tuple(label.upper() for label in LABELS), ".PNG"),
        (tuple(label.title() for label in OTHER_SPELLING), ".jpg"),
        (LABELS, ".jpeg"),
    ],
)
def test_both_spellings_in_any_case_and_format(
    tmp_path: Path, make_folders: MakeFolders, synthetic: FaceSet, classes: tuple[str], suffix: str
) -> None:
    faces = load_dataset(make_folders(tmp_path, classes=classes, suffix=suffix), Split.TRAIN)
    assert sorted(faces.labels) == [label for label in range(7) for _ in range(2)]
    expected = synthetic.images[synthetic.labels == 5][:2].astype(int)
    sad = faces.images[faces.labels == 5].astype(int)
    assert np.abs(sad - expected).mean() < (1e-9 if suffix.lower() == ".png" else 6)


def test_one_folder_more_at_the_top(tmp_path: Path, make_folders: MakeFolders) -> None:
    make_folders(tmp_path / "fer" / "FER-2013")
    (tmp_path / "fer" / "__MACOSX" / "train" / "angry").mkdir(parents=True)
    (tmp_path / "fer" / "FER-2013" / "train" / "sad" / ".DS_Store").write_bytes(b"\0")
    for source in (tmp_path / "fer", zipped(tmp_path / "fer")):
        assert load_dataset(source, Split.PUBLIC).paths[0] == "test/angry/PublicTest_0.png"


def test_a_nested_copy_yields_to_the_dataset_at_the_top(
    tmp_path: Path, make_folders: MakeFolders
) -> None:
    make_folders(tmp_path)
    make_folders(tmp_path / "images")
    assert len(load_dataset(tmp_path, Split.TRAIN)) == 14


@pytest.mark.parametrize(
    ("splits", "counts"),
    [
        ({"test": "PublicTest"}, {"public": 14, "test": 14}),
        ({"TRAIN": "Training", "Test": "PrivateTest"}, {"train": 14, "private": 14, "test": 14}),
        ({"train": "im", "test": "im"}, {"train": 14, "test": 14}),
        ({"train": "im", "validation": "im"}, {"train": 14, "public": 14, "test": 14}),
    ],
)
def test_splits_are_what_names_tell(
    tmp_path: Path, make_folders: MakeFolders, splits: dict[str, str], counts: dict[str, int]
) -> None:
    source = make_folders(tmp_path, splits=splits)
    found = {split.value: sum(classes) for split, classes in summarise(source).splits.items()}
    assert found == counts
    for split in Split:
        if split.value in counts:
            assert len(load_dataset(source, split)) == counts[split.value]
        else:
            with pytest.raises(DataError, match=f"'{split.value}'; it has: {', '.join(counts)}"):
                load_dataset(source, split)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("fer2013.csv", "emotion,pixels,Usage"),
        ("icml_face_data.csv", "emotion, pixels, Usage"),
        ("faces.CSV", "\ufeffemotion,pixels,Usage"),
    ],
)
def test_csv_has_its_own_class_numbers_and_tells_splits(
    tmp_path: Path, synthetic: FaceSet, name: str, header: str
) -> None:
    faces = first_two_of_each(synthetic)[::2]
    rows = [
        (CSV_ORDER.index(label), face, usage)
        for usage in ("Training", "PublicTest", "PrivateTest")
        for label, face in zip(LABELS, faces, strict=True)
    ]
    source = write_csv(tmp_path / name, header, rows)
    for split, count in ((Split.TRAIN, 7), (Split.PUBLIC, 7), (Split.PRIVATE, 7), (Split.TEST, 14)):
        read = load_dataset(source, split)
        assert len(read) == count
        assert read.labels[:7].tolist() == list(range(7))
        np.testing.assert_array_equal(read.images[:7], faces)
    assert load_dataset(source, Split.PUBLIC).paths[0] == f"{name}#7"


def test_csv_in_a_zip_or_folder(tmp_path: Path, synthetic: FaceSet) -> None:
    (tmp_path / "kaggle" / "fer2013").mkdir(parents=True)
    path = tmp_path / "kaggle" / "fer2013" / "fer2013.csv"
    write_csv(path, "emotion,pixels,Usage", [(6, synthetic.images[0], "Training")])
    for source in (tmp_path / "kaggle", zipped(tmp_path / "kaggle")):
        faces = load_dataset(source, Split.TRAIN)
        assert (faces.paths, faces.labels.tolist()) == (("fer2013.csv#0",), [4])


def test_other_sizes_and_colour_are_converted_with_one_warning_that_counts(
    tmp_path: Path, make_folders: MakeFolders
) -> None:
    make_folders(tmp_path)
    small = tmp_path / "train" / "angry" / "Training_0.png"
    large = tmp_path / "train" / "happy" / "Training_1.png"
    coloured = tmp_path / "train" / "sad" / "Training_0.png"
    face = cv2.imread(str(small), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(small), cv2.resize(face, (32, 40)))
    cv2.imwrite(str(large), cv2.resize(face, (224, 224)))
    cv2.imwrite(str(coloured), np.full((48, 48, 3), (0, 0, 255), np.uint8))
    message = "of 14 images in split 'train', 2 were resized to 48×48 and 1 converted"
    for _ in range(2):  # decoded, then from the cache
        with pytest.warns(DatasetWarning, match=message) as caught:
            faces = load_dataset(tmp_path, Split.TRAIN)
        assert len(caught) == 1
    shown = dict(zip(faces.paths, faces.images, strict=True))
    enlarged = shown["train/happy/Training_1.png"].astype(int)
    assert np.abs(enlarged - face.astype(int)).mean() < 6
    red = shown["train/sad/Training_0.png"]
    assert int(red[0, 0]) == pytest.approx(76, abs=1)  # 0.299 · 255, ITU-R BT.601 luma
    assert len(load_dataset(tmp_path, Split.TEST)) == 14  # nothing to warn of in this split
    assert summarise(tmp_path).sizes == {(48, 48): 26, (32, 40): 1, (224, 224): 1}


def test_a_folder_is_identified_by_its_names_and_contents(
    tmp_path: Path, make_folders: MakeFolders
) -> None:
    folder = make_folders(tmp_path / "fer")
    before = load_dataset(folder, Split.TRAIN).source_sha256
    assert load_dataset(folder, Split.TEST).source_sha256 == before
    shutil.copytree(folder, tmp_path / "copy")
    assert load_dataset(tmp_path / "copy", Split.TRAIN).source_sha256 == before
    (folder / "train" / "sad" / "Training_1.png").rename(folder / "train" / "fear" / "moved.png")
    moved = load_dataset(folder, Split.TRAIN)
    assert moved.source_sha256 != before
    assert np.bincount(moved.labels).tolist() == [2, 2, 3, 2, 2, 1, 2]


def test_stored_and_compressed_zips(tmp_path: Path, make_folders: MakeFolders) -> None:
    folder = make_folders(tmp_path / "fer")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        archive = tmp_path / f"{method}.zip"
        with zipfile.ZipFile(archive, "w", method) as target:
            for path in folder.rglob("*.png"):
                target.write(path, path.relative_to(folder).as_posix())
        assert len(load_dataset(archive, Split.TRAIN)) == 14
