"""The loop on real clips, with real detectors, as a process that is told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from edge_emotion.camera import Event
from edge_emotion.emotions import Emotion
from tests.camera.conftest import CLIP_FRAMES
from tests.conftest import RunCli


def read_events(path: Path) -> list[Event]:
    return [Event.model_validate_json(line) for line in path.read_text().splitlines()]


def frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    capture.release()
    return count


def camera(model: Path, *more: str | Path) -> list[str]:
    command = [sys.executable, "-m", "edge_emotion", "camera", "--model", str(model)]
    return [*command, "--headless", *map(str, more)]


def test_a_clip_becomes_video_events_and_a_summary(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    video, events = tmp_path / "out" / "annotated.mp4", tmp_path / "out" / "events.jsonl"
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "haar", "--headless"),
        *("--output", video, "--events", events, "--json"),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["frames"] == CLIP_FRAMES
    assert summary["detector"] == "haar"
    stages = summary["stages"]
    assert set(stages) == {"grab", "follow", "detect", "classify", "draw", "publish"}
    assert 0 < stages["detect"]["turns"] < stages["follow"]["turns"] == CLIP_FRAMES
    assert frames_in(video) == CLIP_FRAMES
    found = read_events(events)
    assert len(found) == summary["faces"] > CLIP_FRAMES, "two faces, most of them found"
    for event in found:
        assert event.source == str(clip)
        assert sum(event.probabilities.values()) == pytest.approx(1, abs=1e-3)
        assert event.probability == event.probabilities.get(event.emotion, event.probability)
        assert (event.emotion is None) != (event.reason is None)
        assert set(event.probabilities) == set(Emotion)


def test_events_on_change_tell_appearing_and_labels_only(
    run_cli: RunCli, model: Path, clip: Path, yunet: Path, tmp_path: Path
) -> None:
    every, changes = tmp_path / "every.jsonl", tmp_path / "changes.jsonl"
    arguments = ("camera", "--source", clip, "--model", model, "--headless", "--smoothing", "0")
    for path, choice in ((every, "frame"), (changes, "change")):
        done = run_cli(
            *arguments, "--events", path, "--events-on", choice, EDGE_EMOTION_YUNET=str(yunet)
        )
        assert done.returncode == 0, done.stderr
    expected, labels = [], {}
    for event in read_events(every):
        label = (event.emotion, event.reason)
        if labels.get(event.track) != label:
            change = "changed" if event.track in labels else "appeared"
            expected.append((event.frame, event.track, change, *label))
        labels[event.track] = label
    assert sorted(labels) == [1, 2]
    found = read_events(changes)
    assert [(e.frame, e.track, e.change, e.emotion, e.reason) for e in found] == expected


def test_no_emotion_is_named_below_the_threshold(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    names = {}
    for threshold in ("0", "1"):
        events = tmp_path / f"{threshold}.jsonl"
        done = run_cli(
            *("camera", "--source", clip, "--model", model, "--detector", "haar", "--headless"),
            *("--uncertain", threshold, "--events", events),
        )
        assert done.returncode == 0, done.stderr
        names[threshold] = {event.reason for event in read_events(events)}
    assert names == {"0": {None}, "1": {"uncertain"}}


def test_yunet_finds_both_faces(run_cli: RunCli, model: Path, clip: Path, yunet: Path) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--headless", "--json"),
        EDGE_EMOTION_YUNET=str(yunet),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["detector"] == "yunet"
    assert summary["faces"] >= 2 * CLIP_FRAMES * 0.9
    assert summary["stages"]["detect"]["turns"] <= CLIP_FRAMES / 3, "between, faces are followed"


def test_a_smaller_detector_input_is_enough_for_large_faces(
    run_cli: RunCli, model: Path, clip: Path, yunet: Path
) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--headless", "--json"),
        *("--detector-size", "192"),
        EDGE_EMOTION_YUNET=str(yunet),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["faces"] >= 2 * CLIP_FRAMES * 0.9


def test_max_frames_ends_the_run(run_cli: RunCli, model: Path, clip: Path) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "none"),
        *("--headless", "--max-frames", "7", "--json"),
    )
    assert json.loads(done.stdout)["frames"] == 7


def test_several_sources_take_turns(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    capture = cv2.VideoCapture(str(clip))
    for number in range(3):
        cv2.imwrite(str(pictures / f"{number}.png"), capture.read()[1])
    events = tmp_path / "events.jsonl"
    done = run_cli(
        *("camera", "--source", clip, "--source", pictures, "--model", model),
        *("--detector", "none", "--headless", "--events", events, "--json"),
    )
    assert json.loads(done.stdout)["frames"] == CLIP_FRAMES + 3
    found = read_events(events)
    for source, count in ((str(clip), CLIP_FRAMES), (str(pictures), 3)):
        assert [event.frame for event in found if event.source == source] == list(range(count))
    order = [event.source for event in found]
    last_of_clip = len(order) - 1 - order[::-1].index(str(clip))
    assert order.index(str(pictures)) < last_of_clip, "the pictures did not wait for its end"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_every_file_closed(
    model: Path, tmp_path: Path, number: signal.Signals
) -> None:
    video, events = tmp_path / "annotated.mp4", tmp_path / "events.jsonl"
    outputs = ("--output", video, "--events", events, "--json")
    process = subprocess.Popen(
        camera(model, "--source", "demo", "--detector", "none", *outputs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (events.exists() and events.stat().st_size > 2000):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    frames = json.loads(out)["frames"]
    assert 0 < frames < 200, "it was stopped before the clip's end"
    assert len(read_events(events)) == frames
    assert frames_in(video) == frames


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("97", "there is no camera 97"),
        ("absent.mp4", "there is no file absent.mp4"),
        ("csi://0", "needs GStreamer"),
        ("videotestsrc ! appsink", "needs GStreamer"),
        ("rtsp://user:secret@127.0.0.1:9/live", "cannot open the stream rtsp://***@127.0.0.1:9"),
    ],
)
def test_sources_that_do_not_exist(run_cli: RunCli, model: Path, source: str, said: str) -> None:
    if "GStreamer" in said and cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
        pytest.skip("this OpenCV has GStreamer")
    line = one_line(run_cli("camera", "--source", source, "--model", model, "--headless"))
    assert said in line
    assert "secret" not in line


def test_truncated_video_is_told_apart_from_a_short_one(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    line = one_line(run_cli("camera", "--source", cut, "--model", model, "--headless"))
    assert "truncated" in line


@pytest.mark.parametrize("option", ["--output", "--events"])
def test_outputs_that_cannot_be_written(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path, option: str
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    arguments = ("camera", "--source", clip, "--model", model, "--headless")
    line = one_line(run_cli(*arguments, option, blocker / "inside" / "result.mp4"))
    assert "cannot write" in line


def test_a_full_disk_ends_the_run_with_whole_lines(model: Path, clip: Path) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full on this system")
    arguments = camera(model, "--source", clip, "--detector", "none", "--events", "/dev/full")
    line = one_line(subprocess.run(arguments, capture_output=True, text=True, check=False))
    assert "cannot write /dev/full" in line


def test_a_disk_that_fills_up_leaves_whole_lines(model: Path, clip: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    arguments = camera(model, "--source", clip, "--detector", "none", "--events", events)
    limited = ["bash", "-c", 'ulimit -f 2; exec "$0" "$@"', *arguments]  # 2 KiB
    line = one_line(subprocess.run(limited, capture_output=True, text=True, check=False))
    assert "cannot write" in line
    assert len(read_events(events)) > 1


def test_each_source_has_its_own_video(
    run_cli: RunCli, model: Path, clip: Path, tmp_path: Path
) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--source", clip, "--model", model, "--detector", "none"),
        *("--headless", "--output", tmp_path / "out.mp4", "--max-frames", CLIP_FRAMES + 10),
    )
    assert done.returncode == 0, done.stderr
    counts = [frames_in(tmp_path / f"out-{number}.mp4") for number in (0, 1)]
    assert sum(counts) == CLIP_FRAMES + 10
    assert max(counts) < CLIP_FRAMES, "neither waits for the other"
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("name", "others", "output"), [("a.mp4", [], "a.mp4"), ("a-0.mp4", ["--source", "1"], "a.mp4")]
)
def test_a_video_is_never_written_over_its_source(
    run_cli: RunCli,
    model: Path,
    clip: Path,
    tmp_path: Path,
    name: str,
    others: list[str],
    output: str,
) -> None:
    precious = tmp_path / name
    precious.write_bytes(clip.read_bytes())
    done = run_cli(
        *("camera", "--source", precious, *others, "--model", model, "--headless"),
        *("--output", tmp_path / output),
    )
    assert done.returncode == 2
    assert "read and written at once" in done.stderr
    assert precious.read_bytes() == clip.read_bytes()


@pytest.mark.parametrize("display", ["", ":77"], ids=["none", "unreachable"])
def test_without_a_display_the_run_goes_on(
    run_cli: RunCli, model: Path, clip: Path, display: str
) -> None:
    done = run_cli(
        *("camera", "--source", clip, "--model", model, "--detector", "none"),
        *("--max-frames", "2", "--json"),
        DISPLAY=display,
        WAYLAND_DISPLAY="",
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["frames"] == 2
    assert "no window" in done.stderr
