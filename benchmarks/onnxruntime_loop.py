"""Hold the harness against ONNX Runtime called from C in a loop: same library, same file, 1 thread.

    python benchmarks/onnxruntime_loop.py [--model small] [--rounds 12] [--seconds 2]

``onnxruntime_loop.c`` is compiled with ``cc`` and calls the library of the installed Python package
as ONNX Runtime's ``onnxruntime_perf_test`` does. Both take turns in shuffled order, at batches of 1
and of 8 faces, and the result is ``results/onnxruntime_loop.json``. The harness's figure holds what
a caller waits for besides: the check of the array, the way from Python into C++ and back, and
logits of the caller's own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import onnxruntime
from turns import BAR, Measured, compared, harness_turn, print_batches, take_turns

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.backends import Faces, LoadOptions, get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.timing import Lane
from edge_emotion.data import Split, load_dataset
from edge_emotion.jsonio import write_json

HERE = Path(__file__).parent
RESULT = HERE / "results" / "onnxruntime_loop.json"
SOURCE = HERE / "onnxruntime_loop.c"
BATCHES = (1, 8)


def build(folder: Path) -> Path:
    """Compile the loop."""
    program = folder / "onnxruntime_loop"
    command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 - ours
    return program


def library() -> Path:
    """The shared library of the installed ONNX Runtime."""
    folder = Path(onnxruntime.__file__).parent / "capi"
    found = sorted(folder.glob("libonnxruntime.so.*"))
    if not found:
        raise click.ClickException(f"no libonnxruntime.so in {folder}")
    return found[0]


def loop_turn(program: Path, model: Artifact, batch: int, seconds: float) -> Measured:
    """One run of the loop in C."""
    manifest = model.manifest
    names = (manifest.input.name, manifest.output)
    command = [*map(str, (program, library(), model.path)), *names, str(batch), str(seconds)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return [int(line) for line in run.stdout.split()]


def measure_batch(
    program: Path, model: Artifact, faces: Faces, batch: int, rounds: int, seconds: float
) -> dict[str, Any]:
    """Both with one batch size."""
    batches = [faces[start : start + batch] for start in range(0, len(faces) - batch, batch)]
    with get_backend("onnxruntime").load(model, LoadOptions(threads=1)) as session:
        lane = Lane(session.infer, batches)
        turns: dict[str, Callable[[], Measured]] = {
            "c_loop": lambda: loop_turn(program, model, batch, seconds),
            "harness": lambda: harness_turn(lane, seconds),
        }
        return compared(take_turns(turns, rounds), "c_loop")


@click.command()
@click.option("--model", default="small", show_default=True, help="ONNX file or shipped name.")
@click.option("--rounds", type=click.IntRange(min=6), default=12, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=1), default=2.0, show_default=True)
def main(model: str, rounds: int, seconds: float) -> None:
    """Measure both side by side, and exit 1 where they differ by more than 5 %."""
    faces = load_dataset("synthetic", Split.PUBLIC).images
    artifact = resolve_model(model)
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        batches = {
            str(batch): measure_batch(program, artifact, faces, batch, rounds, seconds)
            for batch in BATCHES
        }
    manifest = artifact.manifest
    result = {
        "schema": "edge-emotion/onnxruntime-loop/1",
        "environment": read_environment().model_dump(mode="json"),
        "model": {
            "name": manifest.name,
            "file": artifact.path.name,
            "sha256": manifest.sha256,
        },
        "library": library().name,
        "bar": BAR,
        "batches": batches,
    }
    write_json(RESULT, result)
    if not print_batches(batches, "c_loop"):
        sys.exit(f"the harness is not within {BAR:.0%} of the loop in C")


if __name__ == "__main__":
    main()
