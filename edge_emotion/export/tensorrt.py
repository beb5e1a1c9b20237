"""ONNX → TensorRT engine, for the GPU here or ahead of time for others.

One code path serves TensorRT 10, TensorRT 11 and TensorRT-RTX: the network is strongly typed, so
every precision is the one that the graph's Q/DQ nodes and casts spell out, and the builder is left
none to choose. TensorRT-RTX builds without a GPU; TensorRT builds for the GPU it runs on.

A model without Q/DQ runs in float16 when it is exported with ``--precision fp16``, which writes the
casts. What surrounds the integers of a quantised model (scales, biases, logits) stays float32:
float16 saves nothing, because INT8 convolutions take float32 scales and give float32 all the same,
and it costs a cast in every layer and some faces their class
(``benchmarks/tensorrt_half.py`` and its result).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.layers import Layer
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.backends.tensorrt import engine_loader, message_log
from edge_emotion.backends.tensorrt_layers import inspected_layers
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import BackendUnavailable, CompileError
from edge_emotion.export.audit import Compiled
from edge_emotion.export.tensorrt_network import network_layers
from edge_emotion.export.tensorrt_target import Compatibility, Target, choose_target
from edge_emotion.jsonio import output_directory, sha256_of, write_bytes

INSTALL = (
    "on a Jetson it is part of JetPack; elsewhere: pip install 'edge-emotion[tensorrt-rtx]', "
    "or pip install tensorrt"
)
PROFILES = ((1, 1, 1), (2, 8, 8), (9, 32, 32))
"""Smallest, best-served and largest batch of each optimisation profile: one face, a picture of
faces, and the largest batch. They do not overlap, so that none is held back by sizes that another
serves."""


def compile_tensorrt(
    artifact: Artifact,
    out: Path,
    compute_capabilities: Sequence[str] = (),
    compatibility: Compatibility = Compatibility(),  # noqa: B008 - frozen
) -> Compiled:
    """Build one engine.

    Args:
        artifact: an ONNX artefact; a quantised one needs its ``tensorrt`` encoding beside it.
        out: folder for the engine and its manifest; created if need be.
        compute_capabilities: GPUs to build for, as "8.9"; none means the GPU of this machine.
        compatibility: where else the engine shall run.

    Raises:
        ArtifactError: the ONNX file is not usable.
        BackendUnavailable: neither TensorRT nor TensorRT-RTX is installed.
        CompileError: TensorRT refused the model or the target.
        OutputError: ``out`` cannot be written to.
    """
    source = _encoded_for_tensorrt(artifact)
    content = read_onnx(source)
    runtime = _runtime()
    target = choose_target(runtime, compute_capabilities, compatibility)
    output_directory(out)
    engine, layers = _Build(runtime, source, target).run(content)
    suffix = "-".join(capability.replace(".", "") for capability in target.capabilities)
    path = out / f"{source.path.stem}.sm{suffix}.engine"
    write_bytes(path, engine)
    module = runtime.__name__
    manifest = source.manifest.compiled(
        format=module,
        sha256=sha256_of(path),
        compute_capability=target.capabilities,
        version_compatible=target.compatibility.version,
        hardware_compatibility=target.compatibility.hardware,
        tools={**source.manifest.tools, module: runtime.__version__},
    )
    return Compiled(publish_manifest(path, manifest), layers)


def _encoded_for_tensorrt(artifact: Artifact) -> Artifact:
    if artifact.manifest.encoding == "none":
        return artifact
    source = artifact.sibling("tensorrt")
    if source is None:
        raise CompileError(
            f"{artifact.path} quantises activations for CPUs, which TensorRT refuses, and there "
            "is no file with its tensorrt encoding beside it",
            "'edge-emotion export' writes both: keep them in one folder",
        )
    return source


def _runtime() -> Any:
    for module in ("tensorrt", "tensorrt_rtx"):
        if missing(module, INSTALL) is None:
            return import_runtime(module, INSTALL)
    raise BackendUnavailable("neither TensorRT nor TensorRT-RTX is installed", INSTALL)


class _Build:
    """One run of TensorRT's builder; its messages are kept, to be told only when it fails."""

    def __init__(self, runtime: Any, source: Artifact, target: Target) -> None:
        self._runtime = runtime
        self._source = source
        self._target = target
        self._log = message_log(runtime)
        self._builder = runtime.Builder(self._log)

    def run(self, content: bytes) -> tuple[bytes, tuple[Layer, ...]]:
        """The serialised engine, and what its layers compute in."""
        network = self._builder.create_network(self._network_flags())
        self._parse(network, content)
        config = self._builder.create_builder_config()
        config.profiling_verbosity = self._runtime.ProfilingVerbosity.DETAILED
        config.max_aux_streams = 0  # the network is one chain
        self._target.aim(config)
        for sizes in PROFILES:
            self._add_profile(config, sizes)
        serialised = self._builder.build_serialized_network(network, config)
        if serialised is None:
            raise self._failure("TensorRT built no engine")
        self._target.built(config)
        engine = bytes(serialised)
        return engine, self._executed_layers(engine) or network_layers(network)

    def _network_flags(self) -> int:
        """TensorRT 11 knows strongly typed networks only, and has dropped the flag for them."""
        flag = getattr(self._runtime.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
        return 0 if flag is None else 1 << int(flag)

    def _parse(self, network: Any, content: bytes) -> None:
        parser = self._runtime.OnnxParser(network, self._log)
        if parser.parse(content):
            return
        error = parser.get_error(0)
        raise CompileError(
            f"TensorRT cannot parse {self._source.path}: {error.desc()} "
            f"(node {error.node_name() or 'unnamed'})",
            "export it again, and compile the file with the tensorrt encoding",
        )

    def _add_profile(self, config: Any, sizes: tuple[int, int, int]) -> None:
        profile = self._builder.create_optimization_profile()
        shapes = [(size, 1, FACE_SIZE, FACE_SIZE) for size in sizes]
        profile.set_shape(self._source.manifest.input.name, *shapes)
        if config.add_optimization_profile(profile) < 0:
            raise self._failure("TensorRT refused the optimisation profile")

    def _executed_layers(self, engine: bytes) -> tuple[Layer, ...]:
        """The kernels of an engine for this machine's GPU; nothing where it cannot be loaded."""
        if compute_capability() not in self._target.capabilities:
            return ()
        carries_runtime = self._target.compatibility.version
        loader = engine_loader(self._runtime, self._log, carries_runtime=carries_runtime)
        loaded = loader.deserialize_cuda_engine(engine)
        return () if loaded is None else inspected_layers(loaded, self._runtime)

    def _failure(self, what: str) -> CompileError:
        reason = self._log.errors[0] if self._log.errors else "it gave no reason"
        hint = "when it names one of several GPUs, leave that out; else export the model again"
        if "libnvinfer_lean" in reason:
            hint = "install TensorRT's lean runtime, or leave --version-compatible out"
        return CompileError(f"{what} for {self._source.path}: {reason}", hint)
