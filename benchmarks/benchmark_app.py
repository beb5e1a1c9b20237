"""Hold the harness against OpenVINO's own ``benchmark_app``: same IR, 1 thread, 1 stream.

    python benchmarks/benchmark_app.py [--model small] [--rounds 12] [--seconds 2]

Batches of 1 and of 8 faces.

Both take turns, in shuffled order, and the result is ``results/benchmark_app.json``: the median of
every turn, and the ratio of the two turn by turn.

``benchmark_app`` fills its input once and reports ``InferRequest.latency``, which OpenVINO's C++
code takes around the inference alone. The harness times what a caller waits for, ``Session.infer``:
from a face in memory to logits that belong to the caller, so the check of the array, the copies in
and out and the way from Python into C++ and back are in it. Two more turns split the difference:
``inference`` is OpenVINO's own figure in this process, which should be that of ``benchmark_app``;
``call`` is a bare ``infer()`` on preset tensors by the harness's clock.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import openvino
from turns import BAR, Measured, compared, harness_turn, print_batches, take_turns

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.backends import Faces, LoadOptions, Session, get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.timing import Lane
from edge_emotion.data import Split, load_dataset
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.export.openvino import compile_openvino
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "benchmark_app.json"
OPTIONS = LoadOptions(threads=1)
BATCHES = (1, 8)
SETTINGS = (
    "-hint", "none", "-nstreams", "1", "-nthreads", "1", "-pin", "NO",
    "-api", "sync", "-infer_precision", "f32",
)  # fmt: skip
_MEDIAN = re.compile(r"Median:\s+([\d.]+) (us|ms)")


def app_turn(ir: Artifact, batch: int, seconds: float) -> Measured:
    """One run of ``benchmark_app``."""
    program = Path(sys.executable).with_name("benchmark_app")
    shape = ("-shape", f"[{batch},1,{FACE_SIZE},{FACE_SIZE}]")
    command = [str(program), "-m", str(ir.path), *shape, *SETTINGS, "-t", f"{seconds:.0f}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    found = _MEDIAN.search(run.stdout)
    if found is None:
        raise click.ClickException(f"no median in what {program} printed")
    return [round(float(found[1]) * {"us": 1e3, "ms": 1e6}[found[2]])]


class BareRequest:
    """The same compiled model called with nothing around it."""

    def __init__(self, ir: Artifact, faces: Faces) -> None:
        core = openvino.Core()
        model = core.read_model(ir.path)
        model.reshape([len(faces), 1, FACE_SIZE, FACE_SIZE])
        config = {
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": 1,
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,
        }
        self._request = core.compile_model(model, "CPU", config).create_infer_request()
        self._arrays = (faces[:, None].copy(), np.empty((len(faces), len(LABELS)), np.float32))
        entry, logits = (openvino.Tensor(array, shared_memory=True) for array in self._arrays)
        self._request.set_input_tensor(entry)
        self._request.set_output_tensor(logits)
        self.inference_ns: Measured = []

    def call(self, _: Any) -> None:
        """Infer, and keep what OpenVINO itself measured."""
        self._request.infer()

    def inference(self, _: Any) -> None:
        """The same, keeping OpenVINO's own measurement, which has microseconds."""
        self._request.infer()
        self.inference_ns.append(round(self._request.latency * 1e6))


def inference_turn(bare: BareRequest, seconds: float) -> Measured:
    """OpenVINO's own figure, in this process."""
    bare.inference_ns = []
    harness_turn(Lane(bare.inference, [None]), seconds)
    return bare.inference_ns


def measure_batch(
    ir: Artifact, session: Session, faces: Faces, batch: int, rounds: int, seconds: float
) -> dict[str, Any]:
    """All turns with one batch size."""
    batches = [faces[start : start + batch] for start in range(0, len(faces) - batch, batch)]
    bare, lane = BareRequest(ir, batches[0]), Lane(session.infer, batches)
    turns: dict[str, Callable[[], Measured]] = {
        "benchmark_app": lambda: app_turn(ir, batch, seconds),
        "harness": lambda: harness_turn(lane, seconds),
        "call": lambda: harness_turn(Lane(bare.call, [None]), seconds / 2),
        "inference": lambda: inference_turn(bare, seconds / 2),
    }
    found = compared(take_turns(turns, rounds), "benchmark_app")
    p50 = found["p50_us"]
    split = {
        "python_call": p50["call"] - p50["inference"],
        "session": p50["harness"] - p50["call"],
    }
    return found | {"harness_over_inference_us": split}


@click.command()
@click.option("--model", default="small", show_default=True, help="ONNX file or shipped name.")
@click.option("--rounds", type=click.IntRange(min=6), default=12, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=1), default=2.0, show_default=True)
def main(model: str, rounds: int, seconds: float) -> None:
    """Measure both side by side, and exit 1 where they differ by more than 5 %."""
    faces = load_dataset("synthetic", Split.PUBLIC).images
    with tempfile.TemporaryDirectory() as folder:
        ir = compile_openvino(resolve_model(model), Path(folder)).artifact
        with get_backend("openvino").load(ir, OPTIONS) as session:
            batches = {
                str(batch): measure_batch(ir, session, faces, batch, rounds, seconds)
                for batch in BATCHES
            }
    result = {
        "schema": "edge-emotion/benchmark-app/2",
        "environment": read_environment().model_dump(mode="json"),
        "model": {"name": ir.manifest.name, "file": ir.path.name, "sha256": ir.manifest.sha256},
        "settings": " ".join(SETTINGS),
        "bar": BAR,
        "batches": batches,
    }
    write_json(RESULT, result)
    if not print_batches(batches, "benchmark_app"):
        sys.exit(f"the harness is not within {BAR:.0%} of benchmark_app")


if __name__ == "__main__":
    main()
