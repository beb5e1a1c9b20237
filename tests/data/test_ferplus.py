"""FER+ votes: who wins, how votes become probabilities, and which face they are about."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.data import DatasetWarning, FaceSet, Split, load_dataset
from edge_emotion.data.ballots import read_votes
from edge_emotion.data.ferplus import CHOICES, NO_MAJORITY, Votes
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError
from tests.conftest import shared_folder

COLUMNS = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
MICROSOFT = f"Usage,Image name,{COLUMNS}"
MATCHED = f"path,fer2013_row,{COLUMNS}"
HAPPY = "1,9,0,0,0,0,0,0,0,0"


def votes(**counts: int) -> Votes:
    return Votes(np.array([[counts.get(choice, 0) for choice in CHOICES]]))


@pytest.mark.parametrize(
    ("counts", "winner"),
    [
        ({"happy": 10}, "happy"),
        ({"happy": 5, "neutral": 5}, None),  # a tie
        ({"happy": 5, "neutral": 3, "sad": 2}, None),  # half is no majority
        ({"happy": 5, "neutral": 4, "sad": 1}, "happy"),  # the single vote does not count
        ({"happy": 2, "sad": 1, "fear": 1, "angry": 1}, "happy"),
        (dict.fromkeys(LABELS, 1), None),
        ({"contempt": 6, "neutral": 4}, "contempt"),
        ({"unknown": 6, "neutral": 4}, "unknown"),
        ({"not_a_face": 10}, "not_a_face"),
        ({}, None),
    ],
)
def test_majority(counts: dict[str, int], winner: str | None) -> None:
    expected = NO_MAJORITY if winner is None else CHOICES.index(winner)
    assert votes(**counts).majority().tolist() == [expected]


def test_shares_are_renormalised_over_the_classes_asked_for() -> None:
    mixed = votes(happy=4, neutral=2, contempt=2, unknown=2, sad=1)
    seven, eight = mixed.shares(7), mixed.shares(8)
    assert dict(zip(LABELS, seven[0].tolist(), strict=True))["happy"] == pytest.approx(4 / 6)
    assert eight[0, CHOICES.index("happy")] == pytest.approx(4 / 8)
    assert eight[0, CHOICES.index("contempt")] == pytest.approx(2 / 8)
    assert seven[0, LABELS.index("sad")] == 0
    assert (seven.sum(), eight.sum(), seven.dtype) == (1, 1, np.float32)
    assert not votes(contempt=5, unknown=5).shares(7).any()
    assert votes().missing().tolist() == [True]
    assert votes(unknown=1).missing().tolist() == [False]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([*lines, ""]))
    return path


@pytest.fixture
def table(tmp_path: Path, synthetic: FaceSet) -> Path:
    """A CSV of four faces, the last two in PublicTest."""
    usages = ("Training", "Training", "PublicTest", "PublicTest")
    rows = [
        f"{code},{' '.join(map(str, face.ravel()))},{usage}"
        for code, (face, usage) in enumerate(zip(synthetic.images, usages, strict=False))
    ]
    return write(tmp_path / "fer2013.csv", "emotion,pixels,Usage", *rows)


def test_microsofts_rows_are_those_of_the_csv(tmp_path: Path, table: Path) -> None:
    source = write(
        tmp_path / "fer2013new.csv",
        MICROSOFT,
        "Training,fer0000000.png,0,0,0,0,10,0,0,0,0,0",
        "Training,,0,0,0,0,0,0,0,0,0,10",
        "PublicTest,fer0000002.png,0,0,0,0,0,0,8,2,0,0",
        f"PublicTest,fer0000003.png,{HAPPY}",
        f"PrivateTest,fer0000004.png,{HAPPY}",
    )
    ballots = read_votes(source)
    train = ballots.on(load_dataset(table, Split.TRAIN)).majority()
    assert [CHOICES[winner] for winner in train] == ["angry", "not_a_face"]
    public = ballots.on(load_dataset(table, Split.PUBLIC))
    assert [CHOICES[winner] for winner in public.majority()] == ["fear", "happy"]
    assert public.counts[0, CHOICES.index("contempt")] == 2
    both = ballots.on(load_dataset(table, Split.TEST))
    np.testing.assert_array_equal(both.counts, public.counts)


def test_paths_find_images_and_rows_find_csvs(
    tmp_path: Path, table: Path, make_folders: Callable[..., Path]
) -> None:
    source = write(
        tmp_path / "votes.csv",
        MATCHED,
        f"train/sad/Training_1.png,1,{HAPPY}",
        "test/fear/PublicTest_0.png,2,0,0,0,0,0,0,9,1,0,0",
    )
    ballots = read_votes(source)
    folders = load_dataset(make_folders(tmp_path / "folders"), Split.TRAIN)
    with pytest.warns(DatasetWarning, match="no votes on 13 of 14 images in split 'train'"):
        found = ballots.on(folders)
    assert [folders.paths[row] for row in np.flatnonzero(~found.missing())] == [
        "train/sad/Training_1.png"
    ]
    with pytest.warns(DatasetWarning, match="no votes on 1 of 2 images in split 'public'"):
        public = ballots.on(load_dataset(table, Split.PUBLIC))
    assert public.majority().tolist() == [LABELS.index("fear"), NO_MAJORITY]


def test_a_file_that_matches_no_image_is_one_error(
    tmp_path: Path, make_folders: Callable[..., Path]
) -> None:
    source = write(tmp_path / "fer2013new.csv", MICROSOFT, f"Training,fer0000000.png,{HAPPY}")
    folders = load_dataset(make_folders(tmp_path / "folders"), Split.TRAIN)
    with pytest.raises(DataError, match=r"no votes on any of the 14 images.*'path' column"):
        read_votes(source).on(folders)


def test_votes_of_a_csv_in_another_order_are_refused(tmp_path: Path, table: Path) -> None:
    source = write(
        tmp_path / "fer2013new.csv",
        MICROSOFT,
        *[f"PublicTest,x.png,{HAPPY}"] * 2,
        *[f"Training,x.png,{HAPPY}"] * 2,
    )
    with pytest.raises(DataError, match="in split 'public', not 'train'; give "):
        read_votes(source).on(load_dataset(table, Split.TRAIN))


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ((), "no file of FER+ votes: no column 'anger'"),
        (("emotion,pixels,Usage", "0,1 2,Training"), "no file of FER+ votes: no column 'anger'"),
        ((MICROSOFT.replace(",NF", ""),), "no column 'nf'"),
        ((COLUMNS,), "no column 'path'"),
        ((MICROSOFT, "Training,x.png,1,2,3"), "line 2: 5 cells instead of 12"),
        ((MICROSOFT, f"Dev,x.png,{HAPPY}"), "line 2: Usage 'Dev'"),
        ((MICROSOFT, f"Training,x.png,{HAPPY[:-1]}x"), "line 2: nf 'x' is no whole number"),
        ((MICROSOFT, f"Training,x.png,{HAPPY[:-1]}-1"), "line 2: nf '-1' is no whole number"),
        ((MATCHED, f"holiday/x.png,1,{HAPPY}"), "line 2: path 'holiday/x.png'"),
        ((MATCHED, f"train/x.png,one,{HAPPY}"), "line 2: fer2013_row 'one'"),
        ((MATCHED, *[f"train/x.png,1,{HAPPY}"] * 2), "line 3: a second row of votes on one face"),
    ],
)
def test_bad_files(tmp_path: Path, lines: tuple[str, ...], cause: str) -> None:
    source = write(tmp_path / "votes.csv", *lines)
    with pytest.raises(DataError) as caught:
        read_votes(source)
    assert str(caught.value).startswith(f"{source}")
    assert cause in str(caught.value)
    assert "; " in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_votes(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_votes(tmp_path)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="utf-8"):
        read_votes(tmp_path / "bytes.csv")


def test_real_votes(fer2013: Path) -> None:
    source = shared_folder() / "data" / "fer2013" / "ferplus_votes.csv"
    if not source.is_file():
        pytest.skip(f"FER+ votes are not at {source}")
    public = load_dataset(fer2013, Split.PUBLIC)
    with pytest.warns(DatasetWarning, match="no votes on 10 of 3589 images"):
        found = read_votes(source).on(public)
    counts = np.bincount(found.majority() + 1, minlength=11).tolist()
    names = ["none", *CHOICES]
    shown = dict(zip(names, counts, strict=True))
    assert sum(shown[label] for label in LABELS) == 3186
    assert (shown["contempt"], shown["unknown"], shown["none"]) == (13, 13, 377)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DatasetWarning)
        train = load_dataset(fer2013, Split.TRAIN)
        most = read_votes(source).on(train)
    # People's favourite of all ten choices is the label on hardly two faces of three.
    asked = ~most.missing()
    agreement = (most.counts.argmax(axis=1) == train.labels)[asked].mean()
    assert agreement == pytest.approx(0.626, abs=0.01)
