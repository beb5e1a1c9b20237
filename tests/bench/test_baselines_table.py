"""The table of other people's networks: what stays in it, and of which files it speaks."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from edge_emotion.artifact import resolve_model

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.training.faces import load_training_data  # noqa: E402

BACKENDS = ("openvino", "onnxruntime")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("baselines")


def a_row(name: str, epochs: int, digest: str) -> dict[str, Any]:
    found = {backend: {"accuracy": 0.5, "ci95": [0.4, 0.6]} for backend in BACKENDS}
    timed = {backend: {"p50": 10.0, "p95": 12.0, "over_reference": 2.0} for backend in BACKENDS}
    file = {"sha256": digest, "file_bytes": 1000, "accuracy": found}
    return {
        "name": name,
        "macs": 1,
        "parameters": 1,
        "fp32": file,
        "int8": file,
        "quantisation": "calibrated",
        "epochs": epochs,
        "training_minutes": 1.0,
        "us_per_face": {"int8": timed, "fp32": timed},
        "timed": "2026-01-01T00:00:00Z",
    }


def test_a_row_stays_without_its_run_until_budget_or_recipe_change(
    script: ModuleType, tmp_path: Path
) -> None:
    suite = script.Suite.load(None)
    faces = load_training_data("synthetic", suite.recipe_of("tiny")).validation
    rows = [a_row("keras-cnn", suite.epochs, "a"), a_row("alexnet", suite.epochs + 1, "b")]
    table = tmp_path / "baselines.json"
    environments = {f"2026-01-0{day}T00:00:00Z": {"cpu": f"{day}"} for day in (1, 2)}
    document = {"environments": environments, "recipe": suite.recipe, "rows": rows}
    table.write_text(json.dumps(document), encoding="utf-8")
    script.publish(suite, tmp_path / "no runs", tmp_path, faces)
    kept = json.loads(table.read_text(encoding="utf-8"))
    shipped = [f"shipped {name}" for name in ("tiny", "small", "base")]
    assert [row["name"] for row in kept["rows"]] == ["keras-cnn", *shipped]
    assert kept["rows"][0] == rows[0]
    assert kept["environments"] == {rows[0]["timed"]: {"cpu": "1"}}, "of which no row is timed"
    page = (tmp_path / "baselines.md").read_text(encoding="utf-8")
    assert "10 / 12, 2.00" in page
    assert "| 2026-01-01 00:00:00 |" in page
    table.write_text(json.dumps({**kept, "recipe": {"seed": 9}}), encoding="utf-8")
    script.publish(suite, tmp_path / "no runs", tmp_path, faces)
    rest = json.loads(table.read_text(encoding="utf-8"))["rows"]
    assert [row["name"] for row in rest] == shipped


def test_what_ships_is_timed_anew_where_no_other_network_is_trained(
    script: ModuleType, tmp_path: Path
) -> None:
    table = tmp_path / "baselines.json"
    shutil.copy(BENCHMARKS / "results" / "baselines.json", table)
    before = {row["name"]: row for row in json.loads(table.read_text(encoding="utf-8"))["rows"]}
    arguments = ["--data", "synthetic", "--runs", str(tmp_path), "--out", str(tmp_path)]
    done = CliRunner().invoke(script.baselines, ["measure", *arguments, "--seconds", "0.01"])
    assert done.exit_code == 0, done.output
    document = json.loads(table.read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in document["rows"]}
    shipped = {name for name in rows if name.startswith("shipped ")}
    now = {rows[name]["timed"] for name in shipped}
    assert len(now) == 1
    assert now.isdisjoint({row["timed"] for row in before.values()})
    assert {name: rows[name] for name in rows.keys() - shipped} == {
        name: before[name] for name in before.keys() - shipped
    }
    assert document["environments"].keys() == {row["timed"] for row in rows.values()}


def test_the_committed_table_is_of_the_suite_and_of_what_ships(script: ModuleType) -> None:
    suite = script.Suite.load(None)
    table = json.loads((BENCHMARKS / "results" / "baselines.json").read_text(encoding="utf-8"))
    assert table["recipe"] == suite.recipe
    shipped = {f"shipped {name}": resolve_model(name).manifest.sha256 for name in script.SHIPPED}
    rows = {row["name"]: row for row in table["rows"]}
    assert {name: rows[name]["int8"]["sha256"] for name in shipped} == shipped
    for name, row in rows.items():
        assert row["epochs"] in (suite.epochs, None), name
        assert row["us_per_face"]["int8"].keys() == set(BACKENDS), name
        assert row["timed"] in table["environments"], name
    assert (BENCHMARKS / "results" / "baselines.md").read_text(encoding="utf-8") == (
        "\n".join(script.page(table)) + "\n"
    )
