"""The embedded clip, and the camera loop over it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from edge_emotion.errors import BackendError
from edge_emotion.jsonio import cache_directory, output_directory, sha256_of

if TYPE_CHECKING:
    from edge_emotion.bench.plan import Variant
    from edge_emotion.bench.stages import LoopFigures


def embedded_clip() -> Path:
    """The demo clip, made once for each version of what it is made from."""
    from edge_emotion.camera import clip

    parts = (Path(clip.__file__), clip.HOPPER, clip.COLLINS)
    path = cache_directory() / f"demo-{'-'.join(sha256_of(part)[:8] for part in parts)}.mp4"
    if not path.is_file():
        output_directory(path.parent)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            clip.write_demo_clip(Path(folder) / path.name).replace(path)
    return path


def loop_over_clip(variant: Variant) -> LoopFigures:
    """Run the camera loop with one model on one backend, events written to a file.

    Raises:
        EdgeEmotionError: a part of the loop failed.
    """
    from edge_emotion.bench.stages import LoopFigures
    from edge_emotion.camera import CameraLoop, open_source
    from edge_emotion.camera.sinks.jsonl import JsonLinesSink
    from edge_emotion.inference import FacePipeline

    with ExitStack() as unwind:
        folder = Path(unwind.enter_context(tempfile.TemporaryDirectory()))
        pipeline = unwind.enter_context(
            FacePipeline(str(variant.artifact.path), variant.backend, threads=variant.threads)
        )
        source = open_source(str(embedded_clip()))
        unwind.callback(source.close)
        sink = JsonLinesSink(folder / "events.jsonl")
        unwind.callback(sink.close)
        summary = CameraLoop([source], pipeline, [sink]).run()
    if summary.latency is None:
        raise BackendError("the camera loop published no frame", "run 'edge-emotion doctor'")
    return LoopFigures(
        frames=summary.frames,
        faces=summary.faces,
        fps=summary.fps,
        capture_to_event_p50_ms=summary.latency.p50_ms,
        capture_to_event_p95_ms=summary.latency.p95_ms,
        stages_p50_ms={name: each.p50_ms for name, each in summary.stages.items()},
    )
