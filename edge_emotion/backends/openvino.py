"""Run ONNX models and OpenVINO IR with OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge_emotion.artifact import Artifact
from edge_emotion.backends.base import (
    Backend,
    Faces,
    InferencePrecision,
    LoadOptions,
    Logits,
    Session,
    SessionInfo,
)
from edge_emotion.backends.installed import missing
from edge_emotion.backends.onnxfile import read_content, read_onnx
from edge_emotion.backends.openvino_model import ANY, OpenVINOModel
from edge_emotion.backends.openvino_runtime import INSTALL, Runtime, cause, executed_layers
from edge_emotion.backends.openvino_slots import Slots, in_order
from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, BackendError, BackendUnavailable


class OpenVINOBackend(Backend):
    """OpenVINO's CPU plugin; it runs either activation encoding in INT8."""

    name = "openvino"
    formats = ("onnx", "openvino")
    module = "openvino"

    def unavailable_reason(self) -> str | None:
        """Whether OpenVINO is installed."""
        return missing(self.module, INSTALL)

    def inference_precisions(self, artifact: Artifact) -> tuple[InferencePrecision, ...]:
        """FP32, and for an FP32 model the narrower types this processor has instructions for."""
        if artifact.manifest.precision != "fp32":
            return ("f32",)
        try:
            return ("f32", *Runtime().narrow_precisions)
        except BackendUnavailable:
            return ("f32",)

    def _load(self, artifact: Artifact, options: LoadOptions) -> Session:
        model = OpenVINOModel(Runtime(), *_contents(artifact))
        try:
            return _OpenVINOSession(artifact, model, options)
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO refused {artifact.path}: {cause(error)}", "export or compile it again"
            ) from error


class _OpenVINOSession(Session):
    """One compiled model for a single face, another for any larger batch.

    The fixed shape is 13 % faster on one face, which is what a camera sees most; a fixed shape for
    every batch size would stop the camera whenever there are more faces than ever before.
    """

    def __init__(self, artifact: Artifact, model: OpenVINOModel, options: LoadOptions) -> None:
        super().__init__(artifact)
        self._model = model
        self._options = options
        self._single = self._slots(1)
        self._many: Slots | None = None
        _check_ports(artifact, self._single.compiled)

    def info(self) -> SessionInfo:
        """What OpenVINO made of the model."""
        compiled = (self._many or self._single).compiled
        return SessionInfo(
            backend="openvino",
            runtime=f"OpenVINO {self._model.runtime.version}",
            device=self._model.runtime.device,
            threads=int(compiled.get_property("INFERENCE_NUM_THREADS")),
            layers=executed_layers(compiled),
        )

    def _infer(self, faces: Faces) -> Logits:
        return self._slots_for(len(faces)).first.infer(faces)

    def _infer_many(self, batches: Iterator[Faces]) -> Iterator[Logits]:
        if self._options.mode == "latency" or self._options.thread_count == 1:
            return super()._infer_many(batches)
        return in_order(batches, self._slots_for)

    def _slots_for(self, count: int) -> Slots:
        if count == 1:
            return self._single
        if self._many is None:
            self._many = self._slots(ANY)
        return self._many

    def _slots(self, count: int) -> Slots:
        shape = (count, 1, FACE_SIZE, FACE_SIZE)
        return Slots(self._model.runtime, self._model.compile(shape, self._options))

    def _close(self) -> None:
        del self._single, self._many, self._model


def _contents(artifact: Artifact) -> list[bytes]:
    """Of an ONNX file, or of an IR's graph and weights."""
    if artifact.manifest.format == "onnx":
        return [read_onnx(artifact)]
    companions = [artifact.path.with_name(name) for name in artifact.manifest.companions]
    return [read_content(path) for path in (artifact.path, *companions)]


def _check_ports(artifact: Artifact, compiled: Any) -> None:
    """An IR's hashes vouch for its content, not for its being the classifier that callers expect.

    Raises:
        ArtifactError: inputs or outputs are not those of the manifest.
    """
    expected = {
        "input": (artifact.manifest.input.name, "u8", f"[1,1,{FACE_SIZE},{FACE_SIZE}]"),
        "output": (artifact.manifest.output, "f32", f"[1,{len(LABELS)}]"),
    }
    for side, ports in (("input", compiled.inputs), ("output", compiled.outputs)):
        found = [
            (port.get_any_name(), port.element_type.get_type_name(), str(port.partial_shape))
            for port in ports
        ]
        if found != [expected[side]]:
            raise ArtifactError(
                f"{artifact.path} has the {side} {found}, not {[expected[side]]}",
                "compile it again from its ONNX file",
            )
