"""Try shapes for the family: accuracy after a short equal training, INT8 latency side by side.

    python benchmarks/shapes.py train --data archive.zip --runs runs/shapes
    python benchmarks/shapes.py measure --data archive.zip --runs runs/shapes

``train`` goes on where it was stopped, one finished candidate at a time. ``measure`` quantises the
networks, times all of them interleaved on every CPU runtime with one thread, and writes
``results/shapes.json`` and ``results/shapes.md``. What a GPU makes of a candidate is told by the
number of kernels that it has to launch for one face: at this size launching costs a Jetson more
than the arithmetic does.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import lightning.pytorch as pl
import numpy as np
import onnx
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging
from side_by_side import Case, quantiles, time_side_by_side
from torch import fx, nn

from edge_emotion.artifact import Manifest, publish_manifest
from edge_emotion.bench.environment import read_environment
from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.export.onnx import encode, to_onnx
from edge_emotion.jsonio import sha256_of, write_json, write_text
from edge_emotion.models.compact import CompactResNet, Shape
from edge_emotion.models.cost import macs, parameters
from edge_emotion.models.quantization import freeze_ranges, quantised_twin
from edge_emotion.training.loader import training_loader, validation_loader
from edge_emotion.training.module import EmotionModule
from edge_emotion.training.objective import Objective
from edge_emotion.training.progress import EpochLines, History
from edge_emotion.training.recipe import Augmentation, Degradation, Phase
from edge_emotion.training.world import World

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
CANDIDATES = HERE / "suites" / "shapes.toml"
RESULTS = HERE / "results"
BACKENDS = ("openvino", "onnxruntime")
BATCHES = (1, 8)
CALIBRATION = 512
"""Faces from which a candidate that was never fine-tuned takes its ranges."""
_KERNELS = {"Conv", "Gemm", "GlobalAveragePool"}


@dataclass(frozen=True)
class Trained:
    """What the short training made of a candidate."""

    accuracy: float
    train_loss: float
    epochs: int


def load_candidates() -> dict[str, Shape]:
    """The shapes to try, by name."""
    document = tomllib.loads(CANDIDATES.read_text(encoding="utf-8"))
    return {name: _shape(table) for name, table in document.items()}


def _shape(table: dict[str, Any]) -> Shape:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return Shape(**values)


@click.group()
def shapes() -> None:
    """Try shapes for the family."""


@shapes.command()
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/shapes"))
@click.option("--epochs", default=12, show_default=True)
@click.argument("names", nargs=-1)
def train(data: str, runs: Path, epochs: int, names: tuple[str, ...]) -> None:
    """Train the candidates NAMES, or all that have no result yet."""
    faces, validation = load_dataset(data, Split.TRAIN), load_dataset(data, Split.PUBLIC)
    runs.mkdir(parents=True, exist_ok=True)
    for name, shape in load_candidates().items():
        result = runs / f"{name}.json"
        if result.exists() or (names and name not in names):
            continue
        print(name, flush=True)
        write_json(result, asdict(train_briefly(shape, faces, validation, epochs)))


def train_briefly(shape: Shape, faces: FaceSet, validation: FaceSet, epochs: int) -> Trained:
    """The same few epochs, seed and augmentation for every candidate."""
    pl.seed_everything(0, verbose=False)
    phase = Phase(epochs=epochs, learning_rate=0.1, warmup_epochs=1, ema_decay=0.998)
    objective = Objective(phase.label_smoothing)
    module = EmotionModule(CompactResNet(shape), phase, Augmentation(), Degradation(), objective)
    history = History()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        precision="bf16-mixed",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[history, EpochLines("fp32", history), EMAWeightAveraging(decay=phase.ema_decay)],
        gradient_clip_val=5.0,
    )
    trainer.fit(module, training_loader(faces, 128, World()), validation_loader(validation))
    last = history.epochs[-1]
    return Trained(last["val_accuracy"], last["train_loss"], epochs)


@shapes.command(name="measure")
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/shapes"))
@click.option("--seconds", default=1.0, show_default=True, help="Timed, for each row.")
def measure_all(data: str, runs: Path, seconds: float) -> None:
    """Time every trained candidate in INT8 and write the table."""
    faces = load_dataset(data, Split.TRAIN).images[:CALIBRATION]
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            describe(name, shape, runs, faces, Path(folder))
            for name, shape in load_candidates().items()
            if (runs / f"{name}.json").exists()
        ]
        time_rows(rows, faces, seconds)
    for row in rows:
        del row["artifact"]
    environment = read_environment()
    document = {"environment": environment.model_dump(mode="json"), "candidates": rows}
    write_json(RESULTS / "shapes.json", document)
    write_text(RESULTS / "shapes.md", "\n".join(table(rows, environment.cpu)) + "\n")


def describe(
    name: str, shape: Shape, runs: Path, faces: np.ndarray[Any, np.dtype[np.uint8]], out: Path
) -> dict[str, Any]:
    """A row without its latencies, and its INT8 file."""
    network = CompactResNet(shape)
    model = to_onnx(encode(calibrated(network, faces), "cpu"))
    path = out / f"{name}.onnx"
    onnx.save(model, path)
    cost = {"macs": macs(network), "parameters": parameters(network)}
    manifest = Manifest(
        name=name,
        network=name,
        format="onnx",
        precision="int8",
        encoding="cpu",
        sha256=sha256_of(path),
        macs=cost["macs"],
        parameters=cost["parameters"],
    )
    return {
        "name": name,
        "shape": asdict(shape),
        **cost,
        "file_bytes": path.stat().st_size,
        "gpu_kernels": sum(node.op_type in _KERNELS for node in model.graph.node),
        **json.loads((runs / f"{name}.json").read_text(encoding="utf-8")),
        "artifact": publish_manifest(path, manifest),
    }


def calibrated(network: nn.Module, faces: np.ndarray[Any, np.dtype[np.uint8]]) -> fx.GraphModule:
    """The quantised twin with ranges from a few faces; what it says does not change its speed."""
    twin = quantised_twin(network.eval())
    with torch.no_grad():
        for batch in torch.split(torch.from_numpy(faces).unsqueeze(1), 128):
            twin(batch)
    freeze_ranges(twin)
    return twin


def time_rows(
    rows: list[dict[str, Any]], faces: np.ndarray[Any, np.dtype[np.uint8]], seconds: float
) -> None:
    """Put microseconds a face into each row: 25th percentile and median of every combination."""
    chosen = list(combinations(rows))
    cases = [Case(row["artifact"], backend, batch) for row, backend, batch in chosen]
    samples = time_side_by_side(cases, faces, seconds)
    for (row, backend, batch), each in zip(chosen, samples, strict=True):
        row.setdefault("us_per_face", {})[f"{backend}_batch{batch}"] = quantiles(each, 25, 50)


def combinations(rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, int]]:
    """Every row on every backend at every batch size."""
    for row in rows:
        for backend in BACKENDS:
            for batch in BATCHES:
                yield row, backend, batch


def table(rows: list[dict[str, Any]], cpu: str) -> Iterator[str]:
    """Markdown: one line a candidate."""
    yield "# Shapes tried for the family"
    yield ""
    yield (
        f"PublicTest accuracy in floating point after {rows[0]['epochs']} equal epochs; median "
        f"INT8 latency of one face and, per face, of eight, one thread of {cpu}, microseconds. "
        "Made by `benchmarks/shapes.py`; the shapes stand in `suites/shapes.toml`."
    )
    yield ""
    yield (
        "| shape | MACs | parameters | INT8 file | accuracy | training loss | OpenVINO 1 / 8 | "
        "ONNX Runtime 1 / 8 | GPU kernels |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        latency = [
            " / ".join(f"{row['us_per_face'][f'{b}_batch{n}']['p50']:.0f}" for n in BATCHES)
            for b in BACKENDS
        ]
        yield (
            f"| {row['name']} | {row['macs'] / 1e6:.1f} M | {row['parameters'] / 1e6:.2f} M "
            f"| {row['file_bytes'] / 1e3:.0f} kB | {row['accuracy']:.2%} | {row['train_loss']:.3f} "
            f"| {' | '.join(latency)} | {row['gpu_kernels']} |"
        )


if __name__ == "__main__":
    shapes()
