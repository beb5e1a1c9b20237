"""``edge-emotion predict`` on a real portrait and on files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_emotion.camera.clip import HOPPER
from edge_emotion.emotions import LABELS
from tests.conftest import RunCli


def test_json_gives_box_and_probabilities(run_cli: RunCli, model: Path) -> None:
    done = run_cli("predict", HOPPER, "--model", model, "--detector", "haar", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["model"]["name"] == "classifier"
    (image,) = document["images"]
    assert (image["width"], image["height"]) == (512, 600)
    (face,) = image["faces"]
    assert tuple(face["probabilities"]) == LABELS
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    x, y, width, height = face["box"]
    assert x < 215 < x + width
    assert y < 145 < y + height


def test_table_names_the_emotion(run_cli: RunCli, model: Path) -> None:
    done = run_cli("predict", HOPPER, "--model", model, "--detector", "none", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "grace_hopper.jpg" in done.stdout
    assert any(label in done.stdout for label in LABELS)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 no picture"])
def test_corrupt_picture_is_one_line(
    run_cli: RunCli, model: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    done = run_cli("predict", path, "--model", model)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {path} is not a picture")
    assert len(done.stderr.strip().splitlines()) == 1


def test_unknown_backend_and_detector_are_wrong_usage(run_cli: RunCli, model: Path) -> None:
    for option, name in (("--backend", "abacus"), ("--detector", "dlib")):
        done = run_cli("predict", HOPPER, "--model", model, option, name)
        assert done.returncode == 2
        assert f"'{name}'" in done.stderr
