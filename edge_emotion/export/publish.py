"""Checkpoint → verified ONNX artefacts in a folder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from torch import nn

from edge_emotion.artifact import (
    Artifact,
    Encoding,
    InputSpec,
    Manifest,
    Precision,
    publish_manifest,
)
from edge_emotion.backends import Faces, LoadOptions, Logits, Session, get_backend
from edge_emotion.data import FaceSet
from edge_emotion.emotions import LABELS
from edge_emotion.errors import ExportError
from edge_emotion.evaluation import predict_logits
from edge_emotion.export.calibrate import calibrate
from edge_emotion.export.onnx import encode, half_precision, to_onnx
from edge_emotion.export.parity import Parity, compare, require
from edge_emotion.figures import AccuracyFigure, Measurement
from edge_emotion.jsonio import output_directory, sha256_of
from edge_emotion.models.checkpoint import Checkpoint, checkpoint_file
from edge_emotion.models.cost import macs, parameters
from edge_emotion.models.quantization import without_branch_rounding

_GATE_BACKEND = "onnxruntime"
_INT8_ENCODINGS: tuple[Literal["cpu", "tensorrt"], ...] = ("cpu", "tensorrt")
_BATCH = 256


@dataclass(frozen=True)
class Exported:
    """A published artefact and how it passed the gate."""

    artifact: Artifact
    parity: Parity


@dataclass(frozen=True)
class _Candidate:
    """An ONNX model that has still to prove itself."""

    file_name: str
    name: str
    encoding: Encoding
    model: onnx.ModelProto
    reference: nn.Module
    """The PyTorch model that it must agree with."""


def export_checkpoint(
    path: Path,
    out: Path,
    precision: Precision,
    validation: FaceSet,
    calibration: FaceSet | None = None,
) -> list[Exported]:
    """Export one precision of a checkpoint; ``int8`` gives one file per activation encoding.

    Every file is run in ONNX Runtime over ``validation`` and compared with the PyTorch model it
    came from. Nothing appears in ``out`` unless all files of the precision pass.

    Args:
        path: checkpoint, or the run folder that holds it.
        out: folder for the files and their manifests; created if need be.
        precision: what the files compute in.
        validation: faces of the parity gate.
        calibration: faces that each file's temperature is fitted on; without them it stays 1.

    Raises:
        ArtifactError: the checkpoint cannot be read.
        ParityError: an artefact does not agree with its model.
        OutputError: ``out`` cannot be written.
    """
    path = checkpoint_file(path)
    checkpoint = Checkpoint.load(path)
    output_directory(out)
    network = checkpoint.int8_network() if precision == "int8" else checkpoint.fp32_network()
    cost = checkpoint.fp32_network()
    base = Manifest(
        name=_model_name(checkpoint, precision),
        network=checkpoint.network,
        format="onnx",
        precision=precision,
        sha256="0" * 64,
        source_sha256=sha256_of(path),
        macs=macs(cost),
        parameters=parameters(cost),
        recipe=str(checkpoint.recipe["name"]),
        tools={name: version(name) for name in ("edge-emotion", "torch", "onnx", "onnxruntime")},
    )
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out) as folder:
        staged = [
            _stage(candidate, base, Path(folder) / candidate.encoding, validation, calibration)
            for candidate in _candidates(network, base.name, precision)
        ]
        return [_publish(exported, validation.split.value, out) for exported in staged]


def torch_logits(network: nn.Module, images: Faces) -> Logits:
    """Logits (N, 7) of a PyTorch network for uint8 faces (N, 48, 48), in float32."""
    with torch.no_grad():
        batches = torch.split(torch.from_numpy(images).unsqueeze(1), _BATCH)
        return np.concatenate([network(batch).float().numpy() for batch in batches])


def _model_name(checkpoint: Checkpoint, precision: Precision) -> str:
    name = str(checkpoint.recipe["name"])
    return name if precision == "int8" else f"{name}-{precision}"


def _candidates(network: nn.Module, name: str, precision: Precision) -> list[_Candidate]:
    if precision == "int8":
        if not isinstance(network, torch.fx.GraphModule):
            raise ExportError(f"{name} has no quantised twin", "train its int8 phase")
        references = {"cpu": network, "tensorrt": without_branch_rounding(network)}
        return [
            _Candidate(
                f"{name}.{encoding}.onnx",
                name,
                encoding,
                to_onnx(encode(network, encoding)),
                references[encoding],
            )
            for encoding in _INT8_ENCODINGS
        ]
    traced = half_precision(network) if precision == "fp16" else network
    return [_Candidate(f"{name}.onnx", name, "none", to_onnx(traced), network)]


def _stage(
    candidate: _Candidate,
    base: Manifest,
    folder: Path,
    validation: FaceSet,
    calibration: FaceSet | None,
) -> Exported:
    """Write a candidate where nobody looks, and hold it against its model."""
    folder.mkdir()
    path = folder / candidate.file_name
    _describe(candidate.model, base)
    onnx.save(candidate.model, path)
    manifest = base.model_copy(update={"sha256": sha256_of(path), "encoding": candidate.encoding})
    artifact = publish_manifest(path, manifest)
    with get_backend(_GATE_BACKEND).load(artifact, LoadOptions()) as session:
        logits = predict_logits(session, validation.images, _BATCH)
        if calibration is not None:
            artifact = _calibrate(session, calibration)
    reference = torch_logits(candidate.reference, validation.images)
    parity = compare(reference, logits, validation.labels)
    require(parity, candidate.file_name)
    return Exported(artifact, parity)


def _calibrate(session: Session, faces: FaceSet) -> Artifact:
    """Fit the temperature of a loaded file, and write it into its manifest."""
    measurement = Measurement(
        split=faces.split.value, images=len(faces), backend=session.info().backend
    )
    logits = predict_logits(session, faces.images, _BATCH)
    manifest = calibrate(session.artifact.manifest, logits, faces.labels, measurement)
    return publish_manifest(session.artifact.path, manifest)


def _describe(model: onnx.ModelProto, manifest: Manifest) -> None:
    """Let the file speak for itself where its manifest is lost."""
    properties = {
        "name": manifest.name,
        "labels": ",".join(LABELS),
        "normalisation": InputSpec().normalisation,
        "recipe": manifest.recipe or "",
        "source_sha256": manifest.source_sha256 or "",
    }
    onnx.helper.set_model_props(model, properties)
    model.producer_name, model.producer_version = "edge-emotion", manifest.tools["edge-emotion"]


def _publish(exported: Exported, split: str, out: Path) -> Exported:
    staged = exported.artifact
    figure = AccuracyFigure(
        split=split,
        images=exported.parity.images,
        accuracy=exported.parity.accuracy,
        backend=_GATE_BACKEND,
    )
    target = out / staged.path.name
    manifest = staged.manifest.model_copy(update={"accuracy": (figure,)})
    staged.path.replace(target)
    return Exported(publish_manifest(target, manifest), exported.parity)
