"""README shows what was measured, and links to what exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from edge_emotion.artifact import DEFAULT_MODEL, resolve_model

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT = " ".join(README.split())
LINKS = re.findall(r"\]\(([^)#:]+)\)", README)


def test_tables_equal_the_measured_results() -> None:
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "readme.py"), "--check"], check=True)


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_what_is_said_of_the_default_model_is_what_was_measured() -> None:
    result = json.loads((ROOT / "benchmarks/results/default_model.json").read_text())
    pairs = [
        tuple(face["answers"][name][0] for name in result["models"]) for face in result["pictures"]
    ]
    differ = [pair for pair in pairs if pair[0] != pair[1]]
    assert f"({len(pairs)} faces)" in TEXT
    assert Counter(differ) == {("sad", "neutral"): 4, ("sad", "happy"): 1}
    assert (
        "differ on five: `small` calls all five sad; `small-ferplus` calls four of them neutral and"
        " one happy"
    ) in TEXT
    (figure,) = (
        each
        for each in resolve_model(DEFAULT_MODEL).manifest.accuracy
        if each.backend == "openvino" and each.labels == "ferplus"
    )
    fear, disgust = (figure.per_class[name].recall for name in ("fear", "disgust"))
    assert f"only {fear:.0%} of the few faces" in TEXT.replace(" %", "%")
    assert f"and {disgust:.0%} of disgust" in TEXT.replace(" %", "%")
    assert f"`{DEFAULT_MODEL}` unless told otherwise" in TEXT


def test_what_is_said_of_steadied_labels_is_what_was_measured() -> None:
    result = json.loads((ROOT / "benchmarks/results/decision.json").read_text())
    shipped = resolve_model(DEFAULT_MODEL).manifest
    assert result["model"] == {"name": DEFAULT_MODEL, "sha256": shipped.sha256}
    raw, steadied = result["rows"][:2]
    flicker = f"{steadied['flicker_per_minute']:.1f} times a minute"
    assert f"{flicker} instead of {raw['flicker_per_minute']:.0f};" in TEXT
    assert f"a real change shows after {steadied['delay_seconds']['p50']:.2f} s" in TEXT


def test_what_is_said_of_base_is_what_was_measured() -> None:
    small, base = (resolve_model(name).manifest for name in ("small", "base"))
    assert round(base.macs / small.macs) == 3
    assert base.robustness is not None
    assert small.robustness is not None
    lost = f"it loses {100 * small.robustness.drop_middle:.1f} points on average"
    assert f"{lost} where `base` loses {100 * base.robustness.drop_middle:.1f} (" in TEXT
    spoiled = {
        name: "[degradation]" in (ROOT / f"export/recipes/{name}.toml").read_text()
        for name in ("small", "base")
    }
    assert spoiled == {"small": True, "base": False}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tiny", "`tiny` {minutes} for its {epochs} (median"),
        ("small", "`small` {minutes} for its {epochs} epochs"),
        ("small-ferplus", "`small-ferplus` took {minutes} minutes;"),
        ("base", "`base` took {minutes},"),
    ],
)
def test_what_is_said_of_training_is_what_it_took(name: str, said: str) -> None:
    training = json.loads((ROOT / f"benchmarks/results/training-{name}.json").read_text())
    phases = [[epoch["seconds"] for epoch in training[it]["epochs"]] for it in ("fp32", "int8")]
    minutes = sum(len(seconds) * median(seconds) for seconds in phases) / 60
    assert said.format(minutes=round(minutes), epochs=len(phases[0])) in TEXT


def test_what_is_said_of_the_plain_networks_is_what_was_measured() -> None:
    rows = json.loads((ROOT / "benchmarks/results/baselines.json").read_text())["rows"]
    times = [
        backend["over_reference"]
        for row in rows
        if row["name"] in ("alexnet", "vgg11-bn")
        for backend in row["us_per_face"]["int8"].values()
    ]
    assert f"and take {min(times):.0f} to {max(times):.0f} times as long for a face" in TEXT


def test_what_is_said_of_processors_without_vnni_is_what_was_measured() -> None:
    result = json.loads((ROOT / "benchmarks/results/without_vnni.json").read_text())
    assert result["processor"] in TEXT
    assert {row["model"] for row in result["rows"]} == {"tiny", "small", "base", "small-ferplus"}
    for row in result["rows"]:
        assert row["sha256"] == resolve_model(row["model"]).manifest.sha256
        assert row["accuracy_without_vnni"] == pytest.approx(row["accuracy_here"], abs=0.0006)
