"""ONNX → OpenVINO IR: an ``.xml`` graph with its ``.bin`` weights, published together."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any, Literal

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.backends.installed import import_runtime
from edge_emotion.backends.layers import Layer
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.backends.openvino_runtime import INSTALL, cause, executed_layers
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import CompileError
from edge_emotion.export.audit import Compiled
from edge_emotion.export.openvino_pixels import PIXELS, take_pixels
from edge_emotion.jsonio import atomic_path, output_directory, sha256_of

Pixels = Literal["gray", "bgr"]
"""What an IR takes: gray faces, as every other file, or a camera's blue, green and red."""


def compile_openvino(artifact: Artifact, out: Path, pixels: Pixels = "gray") -> Compiled:
    """Convert a model and read from OpenVINO itself what each layer will run in on this CPU.

    Args:
        artifact: an ONNX artefact; its ``cpu`` encoding is taken where it has several.
        out: folder for the IR and its manifest; created if need be.
        pixels: what the IR takes; ``bgr`` is for other programs, as OpenVINO's model_api.

    Raises:
        ArtifactError: the ONNX file is not usable.
        BackendUnavailable: OpenVINO is not installed.
        CompileError: OpenVINO refused the model.
        OutputError: ``out`` cannot be written to.
    """
    source = artifact.sibling("cpu") or artifact
    content = read_onnx(source)
    openvino = import_runtime("openvino", INSTALL)
    output_directory(out)
    with tempfile.TemporaryDirectory(dir=out, prefix=".compile-") as folder:
        stem = source.path.stem if pixels == "gray" else f"{source.path.stem}.{pixels}"
        graph = Path(folder) / f"{stem}.xml"
        try:
            core = openvino.Core()
            model = core.read_model(io.BytesIO(content))
            if pixels == "bgr":
                take_pixels(model, source.manifest)
            openvino.save_model(model, graph, compress_to_fp16=False)
            layers = _audit(core, model)
        except RuntimeError as error:
            raise CompileError(
                f"OpenVINO cannot convert {source.path}: {cause(error)}", "export it again"
            ) from error
        weights = graph.with_suffix(".bin")
        changes = {"input": PIXELS, "temperature": 1.0} if pixels == "bgr" else {}
        manifest = source.manifest.compiled(
            **changes,
            format="openvino",
            sha256=sha256_of(graph),
            companions={weights.name: sha256_of(weights)},
            tools={**source.manifest.tools, "openvino": openvino.get_version()},
        )
        for part in (weights, graph):
            with atomic_path(out / part.name) as temporary:
                part.replace(temporary)
    return Compiled(publish_manifest(out / graph.name, manifest), layers)


def _audit(core: Any, model: Any) -> tuple[Layer, ...]:
    single = model.clone()
    single.reshape([1, single.input(0).partial_shape[1].get_length(), FACE_SIZE, FACE_SIZE])
    config = {"INFERENCE_PRECISION_HINT": "f32"}
    return executed_layers(core.compile_model(single, "CPU", config))
