"""``edge-emotion data summary``."""

from __future__ import annotations

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
