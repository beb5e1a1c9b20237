from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.bench.report import Report
from tests.backends.classifiers import place
from tests.conftest import RunCli

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

QUICK = ("--seconds", "0.05")


@pytest.fixture
def model(tmp_path: Path) -> Artifact:
    return place(tmp_path, "cpu")


def test_all_backends_are_rows_and_the_report_is_written(
    run_cli: RunCli, model: Artifact, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = run_cli("benchmark", model.path, "--data", "synthetic", "--out", out, "--json", *QUICK)
    assert run.returncode == 0, run.stderr
    report = Report.model_validate_json(run.stdout)
    assert report == Report.model_validate_json((out / "report.json").read_bytes())
    statuses = {row.backend: row.status for row in report.results}
    assert statuses["onnxruntime"] == "ok"
    assert statuses["torch"] == "skipped"
    assert all(row.accuracy is not None for row in report.measured)
    assert "Traceback" not in run.stderr
    assert "ONNX Runtime" in run.stderr
    assert (out / "report.html").is_file()
    assert (out / "samples.json").is_file()


def test_threads_and_batches_multiply(run_cli: RunCli, model: Artifact, tmp_path: Path) -> None:
    arguments = ("--backends", "onnxruntime", "--threads", "1,2", "--batch-sizes", "1,4", *QUICK)
    run = run_cli("benchmark", model.path, "--out", tmp_path / "out", *arguments)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(tmp_path / "out" / "report.html")
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    rows = [(row["threads"], row["batch"], row["accuracy"]) for row in document["results"]]
    assert rows == [(1, 1, None), (1, 4, None), (2, 1, None), (2, 4, None)]


def test_a_backend_that_is_not_installed_is_a_row_with_the_install_command(
    model: Artifact, tmp_path: Path
) -> None:
    script = "import sys; sys.modules['openvino'] = None\nfrom edge_emotion.cli import main\nmain()"
    arguments = ("benchmark", model.path, "--backends", "openvino,onnxruntime", "--out", tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments, "--json", *QUICK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    absent, present = json.loads(run.stdout)["results"]
    assert absent["status"] == "skipped"
    assert "pip install 'edge-emotion[cpu]'" in absent["reason"]
    assert present["status"] == "ok"
    assert "edge-emotion[cpu]" in run.stderr


def test_the_roofline_places_every_row(run_cli: RunCli, model: Artifact, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    arguments = ("--backends", "openvino,onnxruntime", "--batch-sizes", "1,8", "--roofline", *QUICK)
    run = run_cli("benchmark", model.path, "--out", tmp_path / "out", *arguments, "--json")
    assert run.returncode == 0, run.stderr
    report = Report.model_validate_json(run.stdout)
    assert report.roofline is not None
    assert all(row.roofline is not None for row in report.measured)
    assert "÷ ideal" in run.stderr
    assert "GMAC/s in convolutions" in run.stderr


def test_without_openvino_the_roofline_says_what_it_needs(model: Artifact, tmp_path: Path) -> None:
    script = "import sys; sys.modules['openvino'] = None\nfrom edge_emotion.cli import main\nmain()"
    arguments = ("benchmark", model.path, "--roofline", "--out", tmp_path / "out", *QUICK)
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        "error: the roofline is measured with OpenVINO: openvino is not installed: "
        "pip install 'edge-emotion[cpu]'"
    )


def test_int8_and_float_of_one_network_end_in_a_verdict_on_each_backend(
    run_cli: RunCli, model: Artifact, tmp_path: Path
) -> None:
    floating = place(tmp_path, "none")
    arguments = ("--backends", "onnxruntime", "--out", tmp_path / "out", "--json", *QUICK)
    run = run_cli("benchmark", model.path, floating.path, *arguments)
    assert run.returncode == 0, run.stderr
    (choice,) = Report.model_validate_json(run.stdout).precision_choices
    assert (choice.backend, choice.network) == ("onnxruntime", "classifier")
    sentence = f"ONNX Runtime, classifier, 1 thread, batch 1: ship {choice.ship.precision.upper()}"
    assert sentence in " ".join(run.stderr.split())
    assert sentence in (tmp_path / "out" / "report.html").read_text()
    assert sentence in (tmp_path / "out" / "report.md").read_text()


def test_nothing_measured_is_a_failure_with_a_report(
    run_cli: RunCli, model: Artifact, tmp_path: Path
) -> None:
    run = run_cli("benchmark", model.path, "--backends", "torch", "--out", tmp_path, *QUICK)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("error: nothing could be measured")
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--backends", "abacus"), "unknown backend 'abacus'"),
        (("--threads", "0"), "whole numbers"),
        (("--batch-sizes", "1,x"), "whole numbers"),
        (("--seconds", "0"), "0"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_written(
    run_cli: RunCli, model: Artifact, tmp_path: Path, arguments: tuple[str, str], complaint: str
) -> None:
    run = run_cli("benchmark", model.path, "--out", tmp_path / "out", *arguments)
    assert run.returncode == 2
    assert complaint in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()


def test_bad_input_is_one_line(run_cli: RunCli, model: Artifact, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    runs = {
        "cannot write": run_cli("benchmark", model.path, "--out", tmp_path / "taken"),
        "no such dataset": run_cli(
            "benchmark", model.path, "--data", tmp_path / "absent.zip", "--out", tmp_path / "out"
        ),
        "no model": run_cli("benchmark", "absent", "--out", tmp_path / "out"),
    }
    for complaint, run in runs.items():
        assert run.returncode == 1
        (line,) = run.stderr.splitlines()
        assert line.startswith("error: ")
        assert complaint in line


def test_a_history_grows_and_a_file_that_is_none_is_refused_first(
    run_cli: RunCli, model: Artifact, tmp_path: Path
) -> None:
    history, out = tmp_path / "history.jsonl", tmp_path / "out"
    arguments = ("benchmark", model.path, "--backends", "onnxruntime", "--out", out, *QUICK)
    for runs in (1, 2):
        assert run_cli(*arguments, "--history", history).returncode == 0
        assert len(history.read_text().splitlines()) == runs
    history.write_text("not a run\n")
    refused = run_cli(*arguments, "--history", history)
    assert refused.returncode == 1
    assert "line 1 of" in refused.stderr
    assert "timing" not in refused.stderr


def test_stages_put_the_model_to_work(run_cli: RunCli, model: Artifact, tmp_path: Path) -> None:
    arguments = ("--backends", "onnxruntime", "--batch-sizes", "1,4", "--stages", *QUICK)
    run = run_cli("benchmark", model.path, "--out", tmp_path / "out", *arguments)
    assert run.returncode == 0, run.stderr
    report = Report.model_validate_json((tmp_path / "out" / "report.json").read_bytes())
    single, four = report.measured
    assert four.stages is None, "the loop does not wait for four faces"
    assert single.stages is not None
    assert single.stages.prepared_ms.p50 > single.latency.p50, "cutting a face out takes time"
    loop = single.stages.loop
    assert loop.frames == 200
    assert loop.faces > 200, "two in most frames, whichever detector is here"
    assert loop.capture_to_event_p50_ms <= loop.capture_to_event_p95_ms
    assert {"grab", "classify", "publish"} <= set(loop.stages_p50_ms)
    assert "| capture to event p50 / p95 |" in (tmp_path / "out" / "report.md").read_text()
