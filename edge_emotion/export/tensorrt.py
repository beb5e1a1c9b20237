"""ONNX → TensorRT engine, for the GPU here or ahead of time for others.

One code path serves TensorRT 10, TensorRT 11 and TensorRT-RTX: the network is strongly typed, so
every precision is the one that the graph's Q/DQ nodes and casts spell out, and the builder is left
none to choose. TensorRT-RTX builds without a GPU; TensorRT builds for the GPU it runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge_emotion.artifact import Artifact, publish_manifest
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.layers import Layer, plain_precision
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.backends.tensorrt import message_log
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import BackendUnavailable, CompileError
from edge_emotion.export.audit import Compiled
from edge_emotion.jsonio import output_directory, sha256_of, write_bytes

INSTALL = (
    "on a Jetson it is part of JetPack; elsewhere: pip install 'edge-emotion[tensorrt-rtx]', "
    "or pip install tensorrt"
)
BATCHES = (1, 8, 32)
"""Smallest, best-served and largest batch of an engine."""

_COMPUTE = {"CONVOLUTION", "MATRIX_MULTIPLY", "POOLING", "REDUCE"}


def compile_tensorrt(
    artifact: Artifact, out: Path, compute_capabilities: Sequence[str] = ()
) -> Compiled:
    """Build one engine.

    Args:
        artifact: an ONNX artefact; a quantised one needs its ``tensorrt`` encoding beside it.
        out: folder for the engine and its manifest; created if need be.
        compute_capabilities: GPUs to build for, as "8.9"; none means the GPU of this machine.

    Raises:
        ArtifactError: the ONNX file is not usable.
        BackendUnavailable: neither TensorRT nor TensorRT-RTX is installed.
        CompileError: TensorRT refused the model or the compute capability.
        OutputError: ``out`` cannot be written to.
    """
    source = _encoded_for_tensorrt(artifact)
    content = read_onnx(source)
    runtime = _runtime()
    targets = tuple(compute_capabilities) or _gpu_here()
    output_directory(out)
    engine, layers = _Build(runtime, source).run(content, targets)
    suffix = "-".join(target.replace(".", "") for target in targets)
    path = out / f"{source.path.stem}.sm{suffix}.engine"
    write_bytes(path, engine)
    module = runtime.__name__
    manifest = source.manifest.model_copy(
        update={
            "format": module,
            "sha256": sha256_of(path),
            "source_sha256": source.manifest.sha256,
            "accuracy": (),
            "compute_capability": targets,
            "tools": {**source.manifest.tools, module: runtime.__version__},
        }
    )
    return Compiled(publish_manifest(path, manifest), tuple(layers))


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


def _gpu_here() -> tuple[str, ...]:
    capability = compute_capability()
    if capability is None:
        raise CompileError(
            "this machine has no NVIDIA GPU to build an engine for",
            "name the GPU to build for, as --compute-capability 8.9",
        )
    return (capability,)


class _Build:
    """One run of TensorRT's builder; its messages are kept, to be told only when it fails."""

    def __init__(self, runtime: Any, source: Artifact) -> None:
        self._runtime = runtime
        self._source = source
        self._log = message_log(runtime)
        self._builder = runtime.Builder(self._log)

    def run(self, content: bytes, targets: tuple[str, ...]) -> tuple[bytes, list[Layer]]:
        """The serialised engine, and what its layers compute in."""
        network = self._builder.create_network(self._network_flags())
        self._parse(network, content)
        config = self._builder.create_builder_config()
        config.profiling_verbosity = self._runtime.ProfilingVerbosity.DETAILED
        self._aim(config, targets)
        self._add_profile(config)
        engine = self._builder.build_serialized_network(network, config)
        if engine is None:
            raise self._failure("TensorRT built no engine")
        return bytes(engine), network_layers(network)

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

    def _aim(self, config: Any, targets: tuple[str, ...]) -> None:
        if not hasattr(config, "num_compute_capabilities"):
            here = compute_capability()
            if targets != (here,):
                raise CompileError(
                    f"TensorRT {self._runtime.__version__} builds for the GPU it runs on "
                    f"({here or 'there is none'}), not for {', '.join(targets)}",
                    "run this on the target machine, or install tensorrt-rtx-cu12 alone",
                )
            return
        # The count comes first: set_compute_capability refuses an index beyond it.
        config.num_compute_capabilities = len(targets)
        for index, target in enumerate(targets):
            if not config.set_compute_capability(self._capability(target), index):
                raise self._failure(f"TensorRT refused compute capability {target}")

    def _capability(self, target: str) -> Any:
        known = self._runtime.ComputeCapability.__members__
        name = f"SM{target.replace('.', '')}"
        if name not in known:
            numbers = [key[2:] for key in known if key.startswith("SM")]
            listed = ", ".join(f"{number[:-1]}.{number[-1]}" for number in numbers)
            raise CompileError(
                f"this {self._runtime.__name__} cannot build for compute capability {target!r}",
                f"it can for {listed}; for another GPU, run this with TensorRT on its machine",
            )
        return known[name]

    def _add_profile(self, config: Any) -> None:
        profile = self._builder.create_optimization_profile()
        shapes = [(batch, 1, FACE_SIZE, FACE_SIZE) for batch in BATCHES]
        profile.set_shape(self._source.manifest.input.name, *shapes)
        if config.add_optimization_profile(profile) < 0:
            raise self._failure("TensorRT refused the optimisation profile")

    def _failure(self, what: str) -> CompileError:
        reason = self._log.errors[0] if self._log.errors else "it gave no reason"
        return CompileError(f"{what} for {self._source.path}: {reason}", "export it again")


def network_layers(network: Any) -> list[Layer]:
    """What strong typing obliges each layer of a network to compute in.

    A layer whose inputs all come out of dequantisers runs on their integers; one whose inputs
    differ in type runs in floating point. The kernels themselves are chosen when the engine is
    built, and only a GPU can list them.

    Args:
        network: a parsed ``INetworkDefinition``.
    """
    nodes = [network.get_layer(index) for index in range(network.num_layers)]
    integers = {
        node.get_output(0).name: node.get_input(0).dtype.name
        for node in nodes
        if node.type.name == "DEQUANTIZE"
    }
    layers = []
    for node in nodes:
        kind = node.type.name
        if kind in ("CONSTANT", "QUANTIZE", "DEQUANTIZE"):
            continue
        inputs = [node.get_input(index) for index in range(node.num_inputs)]
        types = {integers.get(tensor.name, tensor.dtype.name) for tensor in inputs if tensor}
        precision = plain_precision(types.pop() if len(types) == 1 else "float")
        layers.append(Layer(node.name, kind, precision, kind in _COMPUTE))
    return layers
