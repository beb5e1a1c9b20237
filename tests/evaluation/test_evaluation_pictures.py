from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from edge_emotion.emotions import LABELS
from edge_emotion.errors import OutputError
from edge_emotion.evaluation import evaluate
from edge_emotion.evaluation.publish import publish
from edge_emotion.evaluation.robustness import Robustness

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("1")</script> & co'

METRICS = evaluate(np.eye(7, dtype=np.float32)[[3, 3, 4, 0]], np.array([3, 4, 4, 0]), 1.0)
ROBUSTNESS = Robustness(
    0.7, {"low_light": (0.69, 0.65, 0.5), "blur": (0.7, 0.7, 0.7)}, (0.695, 0.675, 0.6), 0.025
)


def parse(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()  # noqa: S314 - our own file


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    written = publish(tmp_path / "out", {"accuracy": 0.75}, HOSTILE, METRICS, ROBUSTNESS)
    assert {path.name for path in written} == {
        "evaluation.json", "confusion.svg", "robustness.svg",
    }  # fmt: skip
    assert all(path.is_file() for path in written)
    return tmp_path / "out"


def test_the_confusion_names_every_class_twice_and_counts_every_image(folder: Path) -> None:
    shown = texts(parse(folder / "confusion.svg"))
    for label in LABELS:
        assert shown.count(label) == 2
    assert {"truth", "answer", HOSTILE} <= set(shown)
    counts = [int(text) for text in shown if text.isdigit()]
    assert (len(counts), sum(counts)) == (49, 4)
    assert shown.count("50 %") == 2  # of neutral: one right, one taken for happy
    assert shown.count("100 %") == 2


def test_the_robustness_has_a_row_for_each_corruption(folder: Path) -> None:
    shown = texts(parse(folder / "robustness.svg"))
    assert {"low light", "blur", "mean", "accuracy, %"} <= set(shown)
    for severity in "123":
        assert shown.count(severity) == 3
    assert any("clean, 70.0 %" in text for text in shown)


@pytest.mark.parametrize(
    ("name", "title", "told"),
    [
        (
            "confusion.svg",
            "Confusion matrix",
            "neutral: 50% of 2 right, most often taken for happy",
        ),
        ("robustness.svg", "Robustness", "low light: 69.0%, 65.0%, 50.0%"),
    ],
)
def test_who_cannot_see_it_is_told(folder: Path, name: str, title: str, told: str) -> None:
    root = parse(folder / name)
    assert root.get("role") == "img"
    by_id = {node.get("id"): node for node in root.iter() if node.get("id")}
    heading, description = by_id[root.get("aria-labelledby")], by_id[root.get("aria-describedby")]
    assert (heading.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert heading.text == f"{title}: {HOSTILE}"
    assert told in (description.text or "")
    assert "prefers-color-scheme:dark" in (folder / name).read_text()


def test_a_picture_of_an_earlier_run_does_not_stay(folder: Path) -> None:
    publish(folder, {"accuracy": 0.5}, "again", METRICS, None)
    assert not (folder / "robustness.svg").exists()
    assert json.loads((folder / "evaluation.json").read_text()) == {"accuracy": 0.5}


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        publish(tmp_path / "file" / "out", {}, "none", METRICS, None)
