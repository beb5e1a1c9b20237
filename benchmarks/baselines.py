"""Other people's networks beside the family: one recipe, one budget, one table.

    python benchmarks/baselines.py train --data archive.zip --runs runs/baselines
    python benchmarks/baselines.py measure --data archive.zip --runs runs/baselines

``train`` goes on where it was stopped, exports and judges each network when it is trained, and then
writes the table anew. ``measure`` times all that are finished, and the shipped models, in turns in
one run: leave the machine alone meanwhile. A network whose run is elsewhere keeps the times of the
run that its row names. Accuracy and latency of INT8 are those of the very file.
Networks, budget and recipe stand in ``suites/baselines.toml``; results go to
``results/baselines.json`` and ``results/baselines.md``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from side_by_side import Case, quantiles, time_side_by_side

from edge_emotion.artifact import Artifact, Manifest, publish_manifest, resolve_model
from edge_emotion.backends import LoadOptions, get_backend, onnxfile
from edge_emotion.bench.environment import read_environment
from edge_emotion.data import FaceSet
from edge_emotion.evaluation import predict_logits, wilson_interval
from edge_emotion.export.onnx import INPUT, encode, to_onnx
from edge_emotion.jsonio import sha256_of, write_json, write_text
from edge_emotion.models.checkpoint import Checkpoint
from edge_emotion.training.faces import TrainingData, load_training_data
from edge_emotion.training.recipe import Recipe
from edge_emotion.training.run import train as run_recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
SUITE = HERE / "suites" / "baselines.toml"
RESULTS = HERE / "results"
BACKENDS = ("openvino", "onnxruntime")
SHIPPED = ("tiny", "small", "base")
REFERENCE = "small"
"""The shipped model whose medians, in the same run, all others' are divided by."""
CALIBRATION = 512
"""Training faces from which ONNX Runtime's static quantisation takes its ranges."""
ROW = "row.json"
LATENCIES = "latencies.json"

Quantisation = Literal["fine-tuned", "calibrated"]


@dataclass(frozen=True)
class Suite:
    """What is compared.

    Args:
        epochs: of training, for every network.
        fine_tuning_epochs: of those, in INT8 where the pipeline can.
        networks: name in the registry → how it becomes INT8.
        recipe: everything else, for all alike.
    """

    epochs: int
    fine_tuning_epochs: int
    networks: dict[str, Quantisation]
    recipe: dict[str, Any]

    @classmethod
    def load(cls, epochs: int | None) -> Suite:
        """Read the suite file, perhaps with another budget."""
        document = tomllib.loads(SUITE.read_text(encoding="utf-8"))
        if epochs is not None:
            document |= {"epochs": epochs, "fine_tuning_epochs": min(1, epochs - 1)}
        return cls(**document)

    def finished(self, runs: Path) -> list[str]:
        """Networks whose run is there and done."""
        return [name for name in self.networks if (runs / name / ROW).exists()]

    def recipe_of(self, network: str) -> Recipe:
        """How one network is trained."""
        tuned = self.fine_tuning_epochs if self.networks[network] == "fine-tuned" else 0
        document = {**self.recipe, "name": network, "network": network}
        document["fp32"] = {**document["fp32"], "epochs": self.epochs - tuned}
        document["int8"] = {**document["int8"], "epochs": tuned} if tuned else None
        return Recipe.model_validate(document)


@dataclass(frozen=True)
class Trained:
    """A finished run and the two files made of it."""

    run: Path
    network: str

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Both phases' weights."""
        return Checkpoint.load(self.run)

    def artifact(self, precision: Literal["fp32", "int8"]) -> Artifact:
        """A file that ``export`` has written."""
        return Artifact.load(self.run / "models" / precision / f"{self.network}.onnx")

    def export(self, faces: FaceSet) -> None:
        """Write both files.

        Args:
            faces: training faces, for ranges that were not learned.
        """
        fp32 = self._publish(to_onnx(self.checkpoint.fp32_network()), "fp32")
        if self.checkpoint.int8:
            self._publish(to_onnx(encode(self.checkpoint.int8_network(), "cpu")), "int8")
            return
        prepared = self.run / "models" / "prepared.onnx"
        quant_pre_process(fp32.path, prepared, skip_symbolic_shape=True)
        calibrated = self.run / "models" / "calibrated.onnx"
        quantize_static(
            prepared,
            calibrated,
            _Calibration(faces.images[:: max(1, len(faces) // CALIBRATION)][:CALIBRATION]),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        self._publish(onnx.load(calibrated), "int8")
        prepared.unlink()
        calibrated.unlink()

    def _publish(self, model: onnx.ModelProto, precision: Literal["fp32", "int8"]) -> Artifact:
        path = self.run / "models" / precision / f"{self.network}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
        manifest = Manifest(
            name=self.network,
            network=self.network,
            format="onnx",
            precision=precision,
            encoding="cpu" if precision == "int8" else "none",
            sha256=sha256_of(path),
            macs=self.checkpoint.metrics["macs"],
            parameters=self.checkpoint.metrics["parameters"],
        )
        return publish_manifest(path, manifest)


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Faces one by one, as ONNX Runtime asks for them."""

    def __init__(self, images: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        self._batches: Iterator[Any] = iter(images[:, None, None])

    def get_next(self) -> dict[str, Any] | None:
        """The next face, or None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def describe(fp32: Artifact, int8: Artifact, faces: FaceSet) -> dict[str, Any]:
    """Size and accuracy of a network's two files; accuracy on every backend."""
    row: dict[str, Any] = {
        "name": int8.manifest.name,
        "macs": fp32.manifest.macs,
        "parameters": fp32.manifest.parameters,
    }
    answers: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
    for artifact in (fp32, int8):
        precision = artifact.manifest.precision
        row[precision] = {
            "sha256": artifact.manifest.sha256,
            "file_bytes": artifact.file_bytes,
            "accuracy": {},
        }
        for name in BACKENDS:
            with get_backend(name).load(artifact, LoadOptions()) as session:
                found = predict_logits(session, faces.images, 256).argmax(axis=1)
            right = int(np.count_nonzero(found == faces.labels))
            low, high = wilson_interval(right, len(faces))
            row[precision]["accuracy"][name] = {
                "accuracy": round(right / len(faces), 4),
                "ci95": [round(low, 4), round(high, 4)],
            }
            answers[precision, name] = found
    row["int8"]["agreement_with_fp32"] = {
        name: round(float(np.mean(answers["int8", name] == answers["fp32", name])), 4)
        for name in BACKENDS
    }
    return row


def training_minutes(metrics: dict[str, Any]) -> float:
    """Of all epochs of both phases, validation included."""
    phases = [metrics[phase]["epochs"] for phase in ("fp32", "int8") if phase in metrics]
    seconds: list[float] = [epoch["seconds"] for epochs in phases for epoch in epochs]
    return round(sum(seconds) / 60, 2)


@click.group()
def baselines() -> None:
    """Other people's networks beside the family."""
    # VGG-11 has 515 MB in FP32, and this script loads only files that it has made itself.
    onnxfile.MAX_BYTES = 2**30


_data = click.option("--data", required=True, help="FER-2013 (zip, folder or CSV) or 'synthetic'.")
_runs = click.option(
    "--runs", type=click.Path(path_type=Path), default=Path("runs/baselines"), show_default=True
)
_out = click.option(
    "--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder for the table."
)
_names = click.argument("names", nargs=-1)


@baselines.command()
@_data
@_runs
@_out
@click.option("--epochs", type=click.IntRange(min=2), help="Instead of the suite's budget.")
@_names
def train(data: str, runs: Path, out: Path, epochs: int | None, names: tuple[str, ...]) -> None:
    """Train the networks NAMES, or all of the suite that are not finished."""
    suite = Suite.load(epochs)
    for name in names or suite.networks:
        if (runs / name / ROW).exists():
            continue
        print(name, flush=True)
        recipe = suite.recipe_of(name)
        faces = load_training_data(data, recipe)
        write_json(runs / name / ROW, finish(recipe, faces, runs / name, suite.networks[name]))
        publish(suite, runs, out, faces.validation)


def finish(
    recipe: Recipe, faces: TrainingData, run: Path, quantisation: Quantisation
) -> dict[str, Any]:
    """Train, export and judge one network: its row, without latencies."""
    checkpoint = run_recipe(recipe, faces, run, resume=True)
    trained = Trained(run, recipe.network)
    trained.export(faces.train)
    row = describe(trained.artifact("fp32"), trained.artifact("int8"), faces.validation)
    return {
        **row,
        "quantisation": quantisation,
        "epochs": recipe.fp32.epochs + (recipe.int8.epochs if recipe.int8 else 0),
        "training_minutes": training_minutes(checkpoint.metrics),
    }


@baselines.command()
@_data
@_runs
@_out
@click.option("--seconds", default=2.0, show_default=True, help="Timed, for each cell.")
def measure(data: str, runs: Path, out: Path, seconds: float) -> None:
    """Time every finished network and the shipped models, in turns."""
    suite = Suite.load(None)
    faces = load_training_data(data, suite.recipe_of(REFERENCE)).validation
    trained = [Trained(runs / name, name) for name in suite.finished(runs)]
    artifacts = [
        *(each.artifact(precision) for each in trained for precision in ("int8", "fp32")),
        *(resolve_model(f"{name}{suffix}") for name in SHIPPED for suffix in ("", "-fp32")),
    ]
    cases = [Case(each, backend) for each in artifacts for backend in BACKENDS]
    samples = iter(time_side_by_side(cases, faces.images, seconds))
    latencies: dict[str, Any] = {}
    for each in artifacts:
        latencies[each.manifest.sha256] = {
            backend: quantiles(next(samples), 5, 25, 50, 95, 99) for backend in BACKENDS
        }
    reference = latencies[resolve_model(REFERENCE).manifest.sha256]
    for timed in latencies.values():
        for backend in BACKENDS:
            ratio = timed[backend]["p50"] / reference[backend]["p50"]
            timed[backend]["over_reference"] = round(ratio, 3)
    environment = read_environment().model_dump(mode="json")
    write_json(runs / LATENCIES, {"environment": environment, "us_per_face": latencies})
    publish(suite, runs, out, faces)


def publish(suite: Suite, runs: Path, out: Path, faces: FaceSet) -> None:
    """Write the table of all that is finished; latencies where they are of the same files.

    Rows whose run is on another machine, or gone, stay as they were published, if their budget and
    recipe are still the suite's.
    """
    before = _published(suite, out)
    fresh = {name: _read(runs / name / ROW) for name in suite.finished(runs)}
    fresh |= {f"shipped {name}": _shipped_row(name, faces) for name in SHIPPED}
    known, environments = _timed(before["rows"]), before["environments"]
    if (runs / LATENCIES).exists():
        last = _read(runs / LATENCIES)
        date = last["environment"]["date"]
        environments = {**environments, date: last["environment"]}
        known |= {sha256: (date, found) for sha256, found in last["us_per_face"].items()}
    for row in fresh.values():
        of_files = {each: known.get(row[each]["sha256"]) for each in ("int8", "fp32")}
        found = {each: timing for each, timing in of_files.items() if timing}
        row["us_per_face"] = {each: latencies for each, (_, latencies) in found.items()}
        row["timed"] = max((date for date, _ in found.values()), default=None)
    rows = {row["name"]: row for row in before["rows"]} | fresh
    names = [*suite.networks, *(f"shipped {name}" for name in SHIPPED)]
    kept = [rows[name] for name in names if name in rows]
    dates = {row["timed"] for row in kept if row["timed"]}
    document = {
        "images": len(faces),
        "source_sha256": faces.source_sha256,
        "recipe": suite.recipe,
        "environments": {date: environments[date] for date in sorted(dates)},
        "reference": REFERENCE,
        "rows": kept,
    }
    write_json(out / "baselines.json", document)
    write_text(out / "baselines.md", "\n".join(page(document)) + "\n")


def _published(suite: Suite, out: Path) -> dict[str, Any]:
    """The table as it stands, without rows of another budget or recipe."""
    path = out / "baselines.json"
    document = _read(path) if path.exists() else {}
    same = document.get("recipe") == suite.recipe
    rows = [
        row
        for row in document.get("rows", [])
        if row["epochs"] is None or (same and row["epochs"] == suite.epochs)
    ]
    return {"environments": document.get("environments", {}), "rows": rows}


def _timed(rows: Sequence[dict[str, Any]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """When published rows were timed, and their latencies, by the files' digests."""
    return {
        row[precision]["sha256"]: (row["timed"], latencies)
        for row in rows
        for precision, latencies in row["us_per_face"].items()
    }


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _shipped_row(name: str, faces: FaceSet) -> dict[str, Any]:
    row = describe(resolve_model(f"{name}-fp32"), resolve_model(name), faces)
    return {
        **row,
        "name": f"shipped {name}",
        "quantisation": "fine-tuned",
        "epochs": None,
        "training_minutes": None,
    }


def page(document: dict[str, Any]) -> Iterator[str]:
    """The whole table as Markdown."""
    yield "# Other networks beside the family"
    yield ""
    yield (
        f"Accuracy on the {document['images']:,} images of PublicTest, one forward pass, of the "
        "very files, on OpenVINO / ONNX Runtime. Latency of one face on one thread, median and "
        "95th percentile in microseconds, and the median over that of the shipped INT8 `small` in "
        "the same run, in which all take turns: rows that were timed at one moment are of one run. "
        "Every network has the same recipe and budget of "
        "epochs; the shipped models, at the end, had a longer one. INT8 is learned in fine-tuning "
        "by this pipeline, or calibrated by ONNX Runtime where a network has layers outside its "
        "scheme. Made by `benchmarks/baselines.py` from `suites/baselines.toml`."
    )
    yield ""
    titles = [
        "network", "accuracy FP32", "accuracy INT8", "MACs", "parameters", "INT8 file", "INT8 by",
        "INT8 OpenVINO", "INT8 ONNX Runtime", "FP32 OpenVINO", "FP32 ONNX Runtime", "timed (UTC)",
        "training",
    ]  # fmt: skip
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in document["rows"]:
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: dict[str, Any]) -> Sequence[str]:
    minutes = row["training_minutes"]
    return [
        row["name"],
        _accuracies(row["fp32"]),
        _accuracies(row["int8"]),
        f"{row['macs'] / 1e6:.1f} M",
        f"{row['parameters'] / 1e6:.2f} M",
        f"{row['int8']['file_bytes'] / 1e6:.2f} MB",
        row["quantisation"],
        *(
            _latency(row["us_per_face"], precision, backend)
            for precision in ("int8", "fp32")
            for backend in BACKENDS
        ),
        row["timed"].removesuffix("Z").replace("T", " ") if row["timed"] else "",
        "longer" if minutes is None else f"{minutes:.0f} min, {row['epochs']} epochs",
    ]


def _accuracies(precision: dict[str, Any]) -> str:
    found = precision["accuracy"]
    return " / ".join(f"{found[backend]['accuracy']:.2%}" for backend in BACKENDS)


def _latency(us_per_face: dict[str, Any], precision: str, backend: str) -> str:
    figures = us_per_face.get(precision, {}).get(backend)
    if figures is None:
        return ""
    return f"{figures['p50']:.0f} / {figures['p95']:.0f}, {figures['over_reference']:.2f}"


if __name__ == "__main__":
    baselines()
