"""Sweeps: shared by processes, pruned, killed, interrupted, and what they leave."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.train

from edge_emotion.errors import EdgeEmotionError, OutputError, UsageError  # noqa: E402
from edge_emotion.training.recipe import load_recipe  # noqa: E402
from edge_emotion.training.study import described, open_storage  # noqa: E402

RECIPE = """
name = "tune"
network = "tiny"
batch_size = 32
precision = "fp32"
[augmentation]
erase = 0
[fp32]
epochs = 2
learning_rate = 0.03
ema_decay = 0.9
"""
SPACE = "[fp32.learning_rate]\nlow = 1e-7\nhigh = 0.1\nlog = true\n"


@pytest.fixture
def sweep(tmp_path: Path) -> list[str]:
    """The command, but for where its results go and what ends it."""
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "space.toml").write_text(SPACE)
    command = [sys.executable, "-m", "edge_emotion", "sweep", "--data", "synthetic"]
    command += ["--recipe", str(tmp_path / "recipe.toml")]
    return [*command, "--space", str(tmp_path / "space.toml")]


ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
"""Networks this small are trained faster by one, and processes do not wait for each other."""


def run(command: list[str], *more: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *map(str, more)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=ONE_THREAD,
    )


def start(command: list[str], *more: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, *map(str, more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ONE_THREAD,
    )


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"no {pattern} in {folder}"
        time.sleep(0.02)


def result(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "sweep.json").read_text())
    return document


def ended(study: dict[str, Any]) -> int:
    return sum(each["state"] in ("complete", "pruned") for each in study["trials"])


@pytest.mark.parametrize("storage", ["sqlite:///{}/study.db", "journal:{}/study.journal"])
def test_two_processes_share_a_study(tmp_path: Path, sweep: list[str], storage: str) -> None:
    place = storage.format(tmp_path)
    outs = [tmp_path / "one", tmp_path / "two"]
    options = ["--storage", place, "--trials", "6"]
    workers = [start(sweep, "--out", out, *options, "--json") for out in outs]
    streams = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], streams
    printed = [json.loads(stdout) for stdout, _ in streams]
    # The process that was through first may have seen a trial of the other that had only begun.
    known = max(printed, key=ended)
    assert ended(known) in (6, 7), "a trial that ran when the sixth had ended ends as well"
    assert [each["number"] for each in known["trials"]] == list(range(len(known["trials"])))
    runs = {Path(each["run"]).parent.parent for each in known["trials"]}
    assert runs == set(outs), "both have run trials"
    assert all(Path(each["run"], "recipe.json").is_file() for each in known["trials"])
    assert known["validation"] == {
        "split": "train",
        "images": 70,
        "fold": {"share": 0.1, "seed": 0},
    }
    best = max(each["accuracy"] for each in known["trials"] if each["accuracy"] is not None)
    assert known["trials"][known["best"]]["accuracy"] == best


def test_a_hopeless_trial_is_stopped_and_the_best_recipe_trains(
    tmp_path: Path, sweep: list[str]
) -> None:
    place, out = f"sqlite:///{tmp_path}/study.db", tmp_path / "out"
    study = optuna.create_study(storage=place, study_name="tune", direction="maximize")
    for rate in (0.03, 0.05, 1e-7):
        study.enqueue_trial({"fp32.learning_rate": rate})
    options = ["--storage", place, "--startup-trials", "1", "--set", "fp32.epochs=6"]
    done = run(sweep, "--out", out, *options, "--trials", "3")
    assert done.returncode == 0, done.stderr
    trials = result(out)["trials"]
    assert trials[0]["state"] == "complete"
    assert trials[2]["state"] == "pruned"
    assert trials[2]["accuracy"] is None
    assert 1 <= len(trials[2]["accuracy_by_epoch"]) < 6
    assert re.search(r"trial 2: stopped after epoch \d, fp32.learning_rate 1e-07", done.stderr)
    assert not list(Path(trials[2]["run"]).rglob("last.ckpt"))

    assert done.stdout.strip() == str(out / "best.toml")
    best = load_recipe(out / "best.toml")
    assert best.fp32.learning_rate in (0.03, 0.05)
    assert best.fp32.epochs == 6
    train = [sys.executable, "-m", "edge_emotion", "train", "--data", "synthetic"]
    train += ["--recipe", str(out / "best.toml"), "--set", "fp32.epochs=1"]
    trained = run(train, "--out", tmp_path / "trained")
    assert trained.returncode == 0, trained.stderr

    other = run(sweep, "--out", out, "--storage", place, "--trials", "4")
    assert other.returncode == 1
    assert other.stderr.startswith("error: study 'tune' was begun with another recipe;")
    assert len(other.stderr.splitlines()) == 1


def test_a_killed_trial_is_taken_up_again(tmp_path: Path, sweep: list[str]) -> None:
    out = tmp_path / "out"
    options = ["--out", out, "--heartbeat", "1", "--trials", "1", "--set", "fp32.epochs=8"]
    process = start(sweep, *options)
    wait_for(process, out, "trials/*/fp32/last.ckpt")
    process.kill()
    process.communicate()
    time.sleep(4.5)  # until the dead trial has missed its signs of life
    again = run(sweep, *options)
    assert again.returncode == 0, again.stderr
    killed, retried = result(out)["trials"]
    assert (killed["state"], retried["state"]) == ("fail", "complete")
    assert retried["values"] == killed["values"]
    assert retried["run"] == killed["run"]
    assert "fp32 epoch 1/8" not in again.stderr, "it went on where it was killed"


def test_ctrl_c_ends_a_sweep_and_keeps_what_has_finished(tmp_path: Path, sweep: list[str]) -> None:
    out = tmp_path / "out"
    process = start(sweep, "--out", out)
    wait_for(process, out, "trials/tune-0001/fp32/last.ckpt")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert stdout.strip() == str(out / "best.toml")
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    trials = result(out)["trials"]
    assert trials[0]["state"] == "complete"
    assert not [each for each in trials if each["state"] == "running"]


@pytest.mark.parametrize(
    ("storage", "kind", "cause"),
    [
        ("study.db", UsageError, "is no storage"),
        ("nosuch://host/db", UsageError, "is no storage"),
        ("sqlite:////no/such/folder/study.db", OutputError, "unable to open database"),
        ("journal:/no/such/folder/study.journal", OutputError, "No such file"),
    ],
)
def test_a_storage_that_cannot_be_used_is_told_in_one_line(
    storage: str, kind: type[EdgeEmotionError], cause: str
) -> None:
    with pytest.raises(kind, match=cause) as raised:
        open_storage(storage, 60)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.journal"
    path.write_text("not a journal\nat all\n")
    with pytest.raises(OutputError, match="cannot use storage"):
        open_storage(f"journal:{path}", 60)


def test_processes_that_make_the_tables_at_once_do_not_trip_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    program = (
        "import sys, time\n"
        "from edge_emotion.training.study import open_storage\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "open_storage(sys.argv[1], 60)"
    )
    together = str(time.time() + 4)
    starters = [start([sys.executable, "-c", program, url, together]) for _ in range(3)]
    streams = [starter.communicate(timeout=60) for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0], streams


def test_passwords_are_not_shown() -> None:
    assert described("sqlite:///study.db") == "sqlite:///study.db"
    assert "secret" not in described("postgresql://user:secret@host/db")


def test_trials_that_only_fail_end_the_sweep(tmp_path: Path, sweep: list[str]) -> None:
    (tmp_path / "space.toml").write_text('[network]\nchoices = ["no-such-network"]\n')
    failed = run(sweep, "--out", tmp_path / "out")
    assert failed.returncode == 1
    last = failed.stderr.splitlines()[-1]
    assert last.startswith("error: 3 trials of study 'tune' in a row have failed")
    assert "unknown network 'no-such-network'" in last
    assert [each["state"] for each in result(tmp_path / "out")["trials"]] == ["fail"] * 3
