"""Run the camera loop for very many frames, and see whether anything grows.

    python benchmarks/soak.py --frames 200000 --out benchmarks/results/soak.json

A clip is played again and again through detector, tracker, classifier, events and annotated video.
Memory, descriptors, threads and the age of frames are noted every second. What the first tenth of
the frames needs is warm-up; growth is what the later samples show, as the difference between the
medians of the first and of the last fifth of them. A file waits to be read, so the age of its
frames is the time spent in the loop, which follows the speed of the machine: that cancels out in
``frames_in_flight``, age times frame rate (Little's law), and a queue that grows remains.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera import (
    INFERENCE_THREADS,
    AnnotatedFrame,
    CameraLoop,
    Sink,
    Status,
    open_sources,
    write_demo_clip,
)
from edge_emotion.camera.sinks.jsonl import JsonLinesSink
from edge_emotion.camera.sinks.video import VideoSink
from edge_emotion.inference import FacePipeline
from edge_emotion.jsonio import write_text

WARM_UP_SHARE = 0.1


class Samples(Sink):
    """Notes what a run holds at each report."""

    shows_pictures = False

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def consume(self, result: AnnotatedFrame) -> None:
        """Frames are counted by the loop."""

    def report(self, status: Status) -> None:
        """Note one sample."""
        self.taken.append(
            {
                "frames": status.frames,
                "rss_bytes": status.rss_bytes,
                "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
                "threads": threading.active_count(),
                "frame_age_ms": status.sources[0].frame_age_ms,
            }
        )

    def close(self) -> None:
        """Nothing is held open."""


def soak(frames: int, source: str | None, model: str, detector: str) -> dict[str, Any]:
    """Run the loop; what it held, and whether that grew."""
    samples = Samples()
    with ExitStack() as unwind:
        folder = Path(unwind.enter_context(tempfile.TemporaryDirectory()))
        text = source or str(write_demo_clip(folder / "clip.mp4"))
        pipeline = unwind.enter_context(
            FacePipeline(model, detector=detector, threads=INFERENCE_THREADS)
        )
        opened = open_sources([text], loop=True)
        unwind.callback(opened[0].close)
        video = VideoSink(folder / "annotated.mp4", [opened[0].live])
        unwind.callback(video.close)
        events = JsonLinesSink(folder / "events.jsonl")
        unwind.callback(events.close)
        summary = CameraLoop(opened, pipeline, [video, events, samples]).run(frames)
    return {
        "schema": "edge-emotion/soak/1",
        "environment": read_environment().model_dump(mode="json"),
        "summary": summary.model_dump(mode="json"),
        "growth": growths(samples.taken, summary.frames, summary.seconds),
        "samples": samples.taken,
    }


def growths(samples: list[dict[str, Any]], frames: int, seconds: float) -> dict[str, float]:
    """How much more of everything the last fifth of the samples after warm-up has than the first.

    Args:
        samples: at least two after the warm-up, in equal intervals.
        frames: of the whole run.
        seconds: that it took.

    Raises:
        SystemExit: the run was too short for two samples.
    """
    steady = [sample for sample in samples if sample["frames"] >= WARM_UP_SHARE * frames]
    if len(steady) < 2:
        sys.exit(f"{frames} frames took {seconds:.1f} s, too little to sample: give more --frames")
    held = {
        key: [sample[key] for sample in steady]
        for key in ("rss_bytes", "descriptors", "threads", "frame_age_ms")
    }
    interval = seconds / len(samples)
    held["frames_in_flight"] = [
        after["frame_age_ms"] / 1000 * (after["frames"] - before["frames"]) / interval
        for before, after in pairwise(samples)
        if after["frames"] >= steady[0]["frames"]
    ]
    return {key: _growth(values) for key, values in held.items()}


def _growth(values: list[float]) -> float:
    fifth = max(len(values) // 5, 1)
    return round(statistics.median(values[-fifth:]) - statistics.median(values[:fifth]), 3)


def main() -> None:
    """Run, write the figures, and say what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--source", help="anything that --source of the camera command takes")
    parser.add_argument("--model", default="small")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    result = soak(arguments.frames, arguments.source, arguments.model, arguments.detector)
    write_text(arguments.out, json.dumps(result, separators=(",", ":")) + "\n")
    print(result["growth"], file=sys.stderr)


if __name__ == "__main__":
    main()
