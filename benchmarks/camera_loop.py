"""The camera loop against fer's loop, decode to event, on clips with one and with five faces.

    python benchmarks/camera_loop.py [--rounds 3]

Both run in this one call, in turns, on the same files and all cores: fer in a process and an
environment of its own (see ``peers/fer``), idle while it is not its turn. Its detector and its
classifier are its defaults; ours are YuNet at its default size and the shipped model, with events
written as JSON lines. Models are loaded and warm on both sides. Writes
``results/camera-loop.json``: frames per second of every round, their ratios, times from frame to
frame.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from peers.process import Peer

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera import (
    INFERENCE_THREADS,
    AnnotatedFrame,
    CameraLoop,
    Sink,
    Summary,
    open_source,
)
from edge_emotion.camera.clip import HEIGHT, HOPPER, RATE, WIDTH, Pose, Print, backdrop
from edge_emotion.camera.mp4 import Mp4Writer
from edge_emotion.camera.sinks.jsonl import JsonLinesSink
from edge_emotion.inference import FacePipeline
from edge_emotion.jsonio import write_json
from edge_emotion.vision.image import read_image

HERE = Path(__file__).parent
PEER = HERE / "peers" / "fer" / "loop.py"
RESULT = HERE / "results" / "camera-loop.json"
FRAMES = 200
BAR = 8.0

HEAD = (slice(55, 370), slice(120, 420))
"""Rows and columns of the portrait that show head and shoulders; the face is two thirds of them."""
CENTRES = {
    1: ((640, 360),),
    5: ((220, 185), (640, 185), (1060, 185), (430, 530), (850, 530)),
}
"""Faces in a clip → where they are, in pixels."""


@dataclass(frozen=True)
class Run:
    """One pass over a clip."""

    frames: int
    faces: int
    seconds: float
    frame_ms: list[float]

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds


class Marks(Sink):
    """Notes when each frame's results arrive."""

    shows_pictures = False

    def __init__(self) -> None:
        self.times = [time.perf_counter()]

    def consume(self, result: AnnotatedFrame) -> None:  # noqa: ARG002 - only the time counts
        """Note the time."""
        self.times.append(time.perf_counter())

    def close(self) -> None:
        """Nothing is held open."""


def run_ours(pipeline: FacePipeline, clip: Path, events: Path) -> tuple[Run, Summary]:
    """One pass of the camera loop."""
    source, lines = open_source(str(clip)), JsonLinesSink(events)
    marks = Marks()
    try:
        summary = CameraLoop([source], pipeline, [lines, marks]).run()
    finally:
        lines.close()
        source.close()
    steps = [(end - start) * 1000 for start, end in pairwise(marks.times)]
    seconds = marks.times[-1] - marks.times[0]
    return Run(summary.frames, summary.faces, seconds, steps), summary


def write_clip(path: Path, faces: int) -> None:
    """A clip of so many faces of 200 pixels that circle, tilt and come nearer and go."""
    portrait = read_image(HOPPER)
    head = np.ascontiguousarray(portrait[HEAD])
    prints = (Print(head), Print(np.ascontiguousarray(head[:, ::-1])))
    ground = backdrop(portrait)
    writer = Mp4Writer(path, (WIDTH, HEIGHT), RATE)
    for index in range(FRAMES):
        frame = ground
        for number, (x, y) in enumerate(CENTRES[faces]):
            turn = 2 * math.pi * (index / 100 + number / 5)
            left, near = math.cos(turn), math.sin(turn)
            pose = Pose(x + 40 * left, y + 15 * near, 300 + 20 * near, 5 * left)
            frame = prints[number % 2].laid_on(frame, pose)
        writer.write(frame)
    writer.close()


def figures(runs: list[Run], faces: int) -> dict[str, Any]:
    """What is published of one side on one clip."""
    steps = np.concatenate([run.frame_ms for run in runs])
    quantiles = {f"p{p}": round(float(np.percentile(steps, p)), 3) for p in (5, 50, 95, 99)}
    found = sum(run.faces for run in runs) / (faces * sum(run.frames for run in runs))
    return {
        "frames_per_second": [round(run.rate, 2) for run in runs],
        "frame_ms": quantiles,
        "faces_found_per_face_shown": round(found, 4),
    }


def compare(
    fer: Peer, pipeline: FacePipeline, clips: dict[int, Path], events: Path, rounds: int
) -> dict[str, Any]:
    """Both sides on every clip, in turns; the first turn of each is not counted."""
    theirs: dict[int, list[Run]] = {faces: [] for faces in clips}
    ours: dict[int, list[Run]] = {faces: [] for faces in clips}
    summaries: dict[int, Summary] = {}
    first = next(iter(clips.values()))
    fer.ask(do="run", clip=str(first))
    run_ours(pipeline, first, events)
    for number in range(rounds):
        for faces, clip in clips.items():
            theirs[faces].append(Run(**fer.ask(do="run", clip=str(clip))))
            run, summaries[faces] = run_ours(pipeline, clip, events)
            ours[faces].append(run)
            ratio = run.rate / theirs[faces][-1].rate
            print(f"round {number + 1}, {faces} faces: {ratio:.1f} times", file=sys.stderr)
    document = {}
    for faces in clips:
        pairs = zip(ours[faces], theirs[faces], strict=True)
        ratios = [mine.rate / other.rate for mine, other in pairs]
        document[str(faces)] = {
            "fer": figures(theirs[faces], faces),
            "edge_emotion": figures(ours[faces], faces)
            | {"last_run": summaries[faces].model_dump(mode="json", exclude={"sources"})},
            "ratios": [round(ratio, 2) for ratio in ratios],
            "ratio": round(float(np.median(ratios)), 2),
        }
    return document


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Turns of each side on each clip.")
def main(rounds: int) -> None:
    """Measure, print the ratios, and write the result."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = {faces: folder / f"{faces}.mp4" for faces in CENTRES}
        for faces, clip in clips.items():
            write_clip(clip, faces)
        with (
            Peer(PEER) as fer,
            FacePipeline(detector="yunet", threads=INFERENCE_THREADS) as pipeline,
        ):
            measured = compare(fer, pipeline, clips, folder / "events.jsonl", rounds)
            versions = fer.ask(do="about")["versions"]
    write_json(
        RESULT,
        {
            "clip": {"width": WIDTH, "height": HEIGHT, "frames": FRAMES, "face_pixels": 200},
            "bar": BAR,
            "faces": measured,
            "fer_versions": versions,
            "environment": read_environment().model_dump(mode="json"),
        },
    )
    for scene, result in measured.items():
        rates = [
            float(np.median(result[side]["frames_per_second"])) for side in ("fer", "edge_emotion")
        ]
        print(
            f"{scene} faces: fer {rates[0]:.1f}, edge-emotion {rates[1]:.1f} frames/s, "
            f"{result['ratio']:.1f} times (at least {BAR:.0f} wanted)"
        )
    if min(result["ratio"] for result in measured.values()) < BAR:
        sys.exit(1)


if __name__ == "__main__":
    main()
