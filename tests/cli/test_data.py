"""``edge-emotion data``: summary and audit."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
MakeFolders = Callable[..., Path]


def assert_refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words)


def test_json_counts_every_class_and_split(
    tmp_path: Path, make_folders: MakeFolders, run_cli: RunCli
) -> None:
    source = make_folders(tmp_path, splits={"train": "Training", "test": "PrivateTest"})
    (tmp_path / "train" / "sad" / "Training_1.png").unlink()
    result = run_cli("data", "summary", source, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert {name: split["images"] for name, split in document["splits"].items()} == {
        "train": 13,
        "private": 14,
        "test": 14,
    }
    assert document["splits"]["train"]["classes"]["sad"] == {"images": 1, "share": 1 / 13}
    assert document["sizes"] == [{"width": 48, "height": 48, "images": 27}]
    assert (document["source"], len(document["sha256"])) == (str(source), 64)


def test_table_shows_counts_shares_and_picture_sizes(
    tmp_path: Path, make_folders: MakeFolders, run_cli: RunCli
) -> None:
    source = make_folders(tmp_path)
    cv2.imwrite(str(source / "train" / "sad" / "Training_1.png"), np.zeros((9, 64, 3), np.uint8))
    result = run_cli("data", "summary", source, COLUMNS="300")
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.replace("│", "").split() for line in result.stdout.splitlines()]
    assert ["surprise", "2", "14.3%", "2", "14.3%", "2", "14.3%"] in rows
    assert ["all", "14", "100.0%", "14", "100.0%", "14", "100.0%"] in rows
    assert "picture sizes: 48×48: 27, 64×9: 1" in result.stdout
    assert "1 of 28 are resized to 48×48" in result.stdout
    assert "1 of 28 are converted from colour" in result.stdout


def test_real_archive(fer2013: Path, run_cli: RunCli) -> None:
    result = run_cli("data", "summary", fer2013, COLUMNS="200")
    assert result.returncode == 0
    rows = [line.replace("│", "").split() for line in result.stdout.splitlines()]
    assert ["happy", "7,215", "25.1%", "895", "24.9%", "895", "24.9%"] in rows


def test_truncated_zip(fer2013: Path, tmp_path: Path, run_cli: RunCli) -> None:
    source = tmp_path / "cut.zip"
    with fer2013.open("rb") as whole:
        source.write_bytes(whole.read(1 << 20))
    assert_refused(run_cli("data", "summary", source), str(source), "download it again")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_corrupt_image(
    tmp_path: Path, make_folders: MakeFolders, run_cli: RunCli, content: bytes
) -> None:
    source = make_folders(tmp_path)
    (source / "test" / "fear" / "PublicTest_0.png").write_bytes(content)
    assert_refused(run_cli("data", "summary", source), "'test/fear/PublicTest_0.png' is corrupt")


def test_empty_and_unknown_class_folders(
    tmp_path: Path, make_folders: MakeFolders, run_cli: RunCli
) -> None:
    source = make_folders(tmp_path)
    (source / "train" / "bored").mkdir()
    assert_refused(run_cli("data", "summary", source), "'train/bored'", "accepted are angry")
    (source / "train" / "bored").rename(source / "train" / "Surprised")
    assert_refused(run_cli("data", "summary", source), "'train/Surprised' holds no images")


def test_no_such_path_and_no_path(tmp_path: Path, run_cli: RunCli) -> None:
    assert_refused(run_cli("data", "summary", tmp_path / "gone", "--json"), "no such dataset")
    assert run_cli("data", "summary").returncode == 2


@pytest.fixture
def flawed(tmp_path: Path, make_folders: MakeFolders) -> Path:
    """A dataset with one flaw of each kind."""
    source = make_folders(tmp_path / "fer")
    train = source / "train"
    (train / "sad" / "again.png").write_bytes((train / "sad" / "Training_0.png").read_bytes())
    (train / "fear" / "other.png").write_bytes((train / "happy" / "Training_0.png").read_bytes())
    blank = np.full((48, 48), 7, np.uint8)
    cv2.imwrite(str(train / "angry" / "blank.png"), blank)
    face = cv2.imread(str(train / "happy" / "Training_1.png"), cv2.IMREAD_GRAYSCALE)
    changed = np.where(face < 128, face + 2, face - 2).astype(np.uint8)
    for kind in (source / "test").iterdir():
        for image in kind.iterdir():
            picture = cv2.imread(str(image), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(image), np.ascontiguousarray(picture[:, ::-1]))
    cv2.imwrite(str(source / "test" / "happy" / "PublicTest_1.png"), changed)
    return source


def test_audit_finds_each_flaw(flawed: Path, tmp_path: Path, run_cli: RunCli) -> None:
    out = tmp_path / "<audit>"
    result = run_cli("data", "audit", flawed, "--out", out, "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document == json.loads((out / "audit.json").read_text())
    once = {"groups": 2, "images": 4, "contradictory": 1}
    none = {"groups": 0, "images": 0, "contradictory": 0}
    assert document["within"] == {
        "train": {"identical": once, "near": once},
        "public": {"identical": none, "near": none},
    }
    assert document["across"] == [
        {"split": "public", "other": "train", "images": 14, "identical": 0, "near": 1}
    ]
    assert document["blank"] == [
        {"path": "train/angry/blank.png", "split": "train", "label": "angry"}
    ]
    assert document["splits"]["train"]["imbalance"] == 1.5
    groups = {
        tuple(face["path"] for face in group["faces"]): (
            group["identical"],
            group["contradictory"],
            group["across"],
        )
        for group in document["groups"]
    }
    assert groups == {
        ("train/sad/Training_0.png", "train/sad/again.png"): (True, False, False),
        ("train/fear/other.png", "train/happy/Training_0.png"): (True, True, False),
        ("test/happy/PublicTest_1.png", "train/happy/Training_1.png"): (False, False, True),
    }


def test_contact_sheet_shows_the_faces_and_needs_nothing_else(
    flawed: Path, tmp_path: Path, run_cli: RunCli
) -> None:
    (flawed / "train" / "sad" / "again.png").rename(flawed / "train" / "sad" / '"><b>.png')
    assert run_cli("data", "audit", flawed, "--out", tmp_path / "out").returncode == 0
    page = (tmp_path / "out" / "audit.html").read_text()
    assert page.count("<img ") == 7
    assert page.count('class="group disagrees"') == 1
    assert 'title="train/sad/&quot;&gt;&lt;b&gt;.png"' in page
    assert "<b>.png" not in page
    assert "http" not in page
    assert "<script" not in page
    picture = base64.b64decode(page.split("data:image/png;base64,")[1].split('"')[0])
    drawn = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    stored = cv2.imread(str(flawed / "test" / "happy" / "PublicTest_1.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(drawn, stored)


def test_audit_without_findings_and_without_a_folder(run_cli: RunCli) -> None:
    result = run_cli("data", "audit", "synthetic", COLUMNS="200")
    assert result.returncode == 0, result.stderr
    assert "public in train: of" in result.stdout
    assert "blank images: 0" in result.stdout


def test_audit_of_what_is_no_dataset(tmp_path: Path, run_cli: RunCli) -> None:
    assert_refused(run_cli("data", "audit", tmp_path / "gone"), "no such dataset")
    (tmp_path / "file").write_text("")
    assert_refused(
        run_cli("data", "audit", "synthetic", "--out", tmp_path / "file"), "cannot write"
    )


def test_audit_of_the_real_archive(fer2013: Path, tmp_path: Path, run_cli: RunCli) -> None:
    result = run_cli("data", "audit", fer2013, "--out", tmp_path, "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["images"] == 32_298
    train = document["within"]["train"]["identical"]
    assert (train["groups"], train["contradictory"]) == (1035, 39)
    assert document["across"] == [
        {"split": "public", "other": "train", "images": 3589, "identical": 280, "near": 289}
    ]
    assert len(document["blank"]) == 14
    assert (tmp_path / "audit.html").stat().st_size < 8_000_000
