from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import pytest

from edge_emotion.artifact import shipped_models
from edge_emotion.bench.report import read_report
from edge_emotion.camera import Event
from edge_emotion.camera.clip import FRAMES, HEIGHT, WIDTH
from edge_emotion.emotions import Emotion
from tests.conftest import RunCli

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

PATIENCE = 300


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that only these demos use."""
    return tmp_path_factory.mktemp("demo-cache")


@pytest.fixture(scope="module")
def first(
    run_cli: RunCli, clips: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The first demo on a machine, and where it wrote."""
    out = tmp_path_factory.mktemp("demo") / "out"
    run = run_cli("demo", "--out", out, timeout=PATIENCE, EDGE_EMOTION_CACHE=str(clips))
    assert run.returncode == 0, run.stderr
    return run, out


def read_events(out: Path) -> list[Event]:
    lines = (out / "events.jsonl").read_text().splitlines()
    return [Event.model_validate_json(line) for line in lines]


def test_it_ends_with_the_paths_of_what_it_made(
    first: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    run, out = first
    printed = [Path(line.split("  ")[-1].strip()) for line in run.stdout.splitlines()]
    assert printed == [out / "annotated.mp4", out / "events.jsonl", out / "report.html"]
    assert all(path.stat().st_size for path in printed)


def test_the_video_is_the_clip_with_something_drawn_on_it(
    first: tuple[subprocess.CompletedProcess[str], Path], clips: Path
) -> None:
    _, out = first
    (clip,) = clips.glob("*.mp4")
    faces = {event.frame: event.box for event in read_events(out)}
    annotated, plain = (cv2.VideoCapture(str(path)) for path in (out / "annotated.mp4", clip))
    changed, index = 0, 0
    while True:
        (more, drawn), (_, bare) = annotated.read(), plain.read()
        if not more:
            break
        assert drawn.shape == (HEIGHT, WIDTH, 3)
        if index in faces:
            x, y, width, height = faces[index]
            window = slice(max(y, 0), y + height), slice(max(x, 0), x + width)
            changed += bool(cv2.absdiff(drawn[window], bare[window]).max() > 60)
        index += 1
    assert index == FRAMES
    assert changed == len(faces) > 0


def test_each_portrait_is_read_as_people_would_on_every_frame(
    first: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, out = first
    events = read_events(out)
    assert {event.emotion for event in events} == {Emotion.NEUTRAL, Emotion.HAPPY}
    grave, smiling = sorted(
        (event for event in events if event.frame == FRAMES - 1), key=lambda event: event.box[0]
    )
    assert (grave.emotion, smiling.emotion) == (Emotion.NEUTRAL, Emotion.HAPPY)


def test_the_report_has_every_model_of_the_labels_and_says_why_backends_are_missing(
    first: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    run, out = first
    report = read_report(out / "report.json")
    assert {row.model for row in report.measured} == {
        name
        for name in shipped_models()
        if not name.startswith("small-ferplus")  # learned votes, and is as fast as small
    }
    skipped = [row for row in report.results if row.status == "skipped"]
    assert skipped
    on_one_line = " ".join(run.stderr.split())
    for row in (*report.measured, *skipped):
        assert " ".join((row.reason or row.model).split()) in on_one_line
    assert "Traceback" not in run.stderr


def test_a_second_run_reuses_the_clip_and_replaces_the_results(
    run_cli: RunCli, first: tuple[subprocess.CompletedProcess[str], Path], clips: Path
) -> None:
    _, out = first
    before = read_events(out)
    (clip,) = clips.glob("*.mp4")
    made = clip.stat()
    run = run_cli("demo", "--out", out, timeout=PATIENCE, EDGE_EMOTION_CACHE=str(clips))
    assert run.returncode == 0, run.stderr
    assert (clip.stat().st_ino, clip.stat().st_mtime_ns) == (made.st_ino, made.st_mtime_ns)
    assert list(clips.glob("*.mp4")) == [clip]
    after = read_events(out)
    assert [(event.frame, event.box) for event in after] == [
        (event.frame, event.box) for event in before
    ]


def test_a_folder_that_cannot_be_written_is_one_line(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    run = run_cli("demo", "--out", tmp_path / "taken")
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: cannot write")
