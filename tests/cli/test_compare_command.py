"""``edge-emotion compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_emotion.bench.report import Report
from tests.bench.reports import report, row
from tests.conftest import RunCli


def written(path: Path, made: Report) -> Path:
    path.write_text(json.dumps(made.model_dump(mode="json", by_alias=True)))
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return written(tmp_path / "old.json", report(row("small", "int8", 1.0, correct=2500)))


@pytest.mark.parametrize(
    ("p50", "correct", "options", "code", "said"),
    [
        (1.0, 2500, (), 0, "No regression in 1 row"),
        (1.2, 2500, (), 1, "slower"),
        (1.2, 2500, ("--max-latency-increase", "25%"), 0, "within limits"),
        (1.0, 2480, (), 1, "less accurate"),
        (1.0, 2480, ("--max-accuracy-drop", "1"), 0, "within limits"),
    ],
)
def test_limits_decide_the_exit_code(
    run_cli: RunCli,
    old: Path,
    tmp_path: Path,
    p50: float,
    correct: int,
    options: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    new = written(tmp_path / "new.json", report(row("small", "int8", p50, correct=correct)))
    done = run_cli("compare", old, new, *options)
    assert done.returncode == code, done.stderr
    assert said in done.stdout
    assert ("error: 1 of 1 row past a limit" in done.stderr) == (code == 1)


def test_one_json_document(run_cli: RunCli, old: Path, tmp_path: Path) -> None:
    new = written(tmp_path / "new.json", report(row("small", "int8", 1.2, correct=2500)))
    done = run_cli("compare", old, new, "--json")
    assert done.returncode == 1
    (only,) = json.loads(done.stdout)["rows"]
    assert only["failures"] == ["slower"]
    assert only["time_ratio"] == pytest.approx(1.2)


def test_what_is_no_report_is_refused_on_one_line(
    run_cli: RunCli, old: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.json"
    cut.write_bytes(old.read_bytes()[:-20])
    for bad in (cut, tmp_path / "absent.json"):
        done = run_cli("compare", old, bad)
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.strip().splitlines()) == 1
    assert run_cli("compare", old, old, "--max-latency-increase", "fast").returncode == 2
