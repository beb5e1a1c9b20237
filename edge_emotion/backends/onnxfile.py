"""Check an ONNX file before a runtime sees it, and hand it over as bytes.

The manifest's sha256 vouches that the file is the one that was published; this vouches that it is
what the caller takes it for and nothing more: one self-contained file of standard operators, and
for a classifier the input and output that the manifest names. Runtimes then load the very bytes
that were checked, with no path from which they could follow a reference to another file. Field
numbers are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_emotion.artifact import Artifact, InputSpec
from edge_emotion.backends.protobuf import MalformedMessage, Message
from edge_emotion.emotions import LABELS
from edge_emotion.errors import ArtifactError

MAX_BYTES = 64 * 2**20
"""Far above a compact network, far below what would hurt the machine that reads it."""

STANDARD_DOMAINS = ("", "ai.onnx")

_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_SPARSE = 1, 5, 11, 12, 15
_NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN, _NODE_OUTPUT = 4, 5, 7, 2
_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS = 5, 10
_ATTRIBUTE_SUBGRAPHS_AND_SPARSE = (6, 11, 22, 23)
_TENSOR_NAME, _TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 8, 13, 14
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TYPE_TENSOR, _TENSOR_TYPE_ELEMENT, _TENSOR_TYPE_SHAPE = 1, 1, 2
_SHAPE_DIM, _DIM_VALUE = 1, 1
_FLOAT, _UINT8 = 1, 2
_PICTURES: dict[int | None, npt.DTypeLike] = {_FLOAT: np.float32, _UINT8: np.uint8}


@dataclass(frozen=True)
class Operator:
    """One node of a graph."""

    domain: str
    op_type: str
    output: str
    """Name of its first output."""


@dataclass(frozen=True)
class Ports:
    """What a graph takes and gives.

    Args:
        input: name of its only input.
        dtype: of that input, float32 or uint8.
        outputs: names, all float32.
    """

    input: str
    dtype: np.dtype[np.generic]
    outputs: tuple[str, ...]


def read_content(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ArtifactError: unreadable or too large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ArtifactError(
                f"{path} has {size / 2**20:.0f} MiB, more than the {MAX_BYTES // 2**20} MiB "
                "that any model of this project needs",
                "check that it is the right file",
            )
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror or error}", "check its permissions"
        ) from error


def graph_ports(content: bytes, source: str) -> Ports:
    """Check any ONNX graph of one picture, and tell its input and outputs.

    Args:
        content: an ONNX file.
        source: where it came from, for messages.

    Raises:
        ArtifactError: truncated, not self-contained, with operators outside the standard, with
            several inputs, or with tensors that are neither float32 nor, for the input, uint8.
    """
    graph = _checked_graph(content, source, _ports_problem)
    (picture,) = _inputs(graph)
    dtype = np.dtype(_PICTURES[_element(picture)])
    outputs = graph.messages(_GRAPH_OUTPUT)
    return Ports(
        picture.text(_VALUE_NAME), dtype, tuple(value.text(_VALUE_NAME) for value in outputs)
    )


def read_onnx(artifact: Artifact) -> bytes:
    """The content of a classifier's ONNX artefact, checked.

    Raises:
        ArtifactError: of another format, unreadable, too large, truncated, not self-contained,
            with operators outside the standard, or with other inputs and outputs than its
            manifest says.
    """
    if artifact.manifest.format != "onnx":
        raise ArtifactError(
            f"{artifact.path} is no ONNX model (format {artifact.manifest.format})",
            "give the .onnx file it was made from",
        )
    content = read_content(artifact.path)
    manifest = artifact.manifest
    _checked_graph(
        content,
        str(artifact.path),
        lambda graph: (
            _input_problem(graph, manifest.input) or _output_problem(graph, manifest.output)
        ),
    )
    return content


def operators(content: bytes) -> list[Operator]:
    """Every node of an ONNX model, in the order of the file.

    Raises:
        MalformedMessage: the content is not a whole protobuf message.
    """
    graph = Message(memoryview(content)).message(_MODEL_GRAPH)
    return [
        Operator(node.text(_NODE_DOMAIN), node.text(_NODE_OP_TYPE), node.text(_NODE_OUTPUT))
        for node in graph.messages(_GRAPH_NODE)
    ]


def _checked_graph(
    content: bytes, source: str, problem_of: Callable[[Message], str | None]
) -> Message:
    try:
        model = Message(memoryview(content))
        graph = model.message(_MODEL_GRAPH)
        problem = _graph_problem(model, graph) or problem_of(graph)
    except MalformedMessage as error:
        raise ArtifactError(
            f"{source} is not a whole ONNX file: {error}", "export or pull it again"
        ) from error
    if problem:
        raise ArtifactError(
            f"{source} cannot be used: {problem}", "export it with 'edge-emotion export'"
        )
    return graph


def _graph_problem(model: Message, graph: Message) -> str | None:
    nodes = graph.messages(_GRAPH_NODE)
    if not nodes:
        return "it holds no graph"
    if model.has(_MODEL_FUNCTIONS):
        return "it defines functions of its own"
    for node in nodes:
        domain, op_type = node.text(_NODE_DOMAIN), node.text(_NODE_OP_TYPE)
        if domain not in STANDARD_DOMAINS:
            return f"operator {op_type} is of the domain {domain!r}, outside the ONNX standard"
        if any(
            attribute.has(kind)
            for attribute in node.messages(_NODE_ATTRIBUTE)
            for kind in _ATTRIBUTE_SUBGRAPHS_AND_SPARSE
        ):
            return f"operator {op_type} carries a graph or a sparse tensor"
    if graph.has(_GRAPH_SPARSE):
        return "it has sparse weights"
    for tensor in _tensors(graph, nodes):
        if tensor.has(_TENSOR_EXTERNAL_DATA) or tensor.number(_TENSOR_DATA_LOCATION):
            return f"weight {tensor.text(_TENSOR_NAME)!r} lies in another file"
    return None


def _tensors(graph: Message, nodes: list[Message]) -> Iterator[Message]:
    yield from graph.messages(_GRAPH_INITIALIZER)
    for node in nodes:
        for attribute in node.messages(_NODE_ATTRIBUTE):
            yield from attribute.messages(_ATTRIBUTE_TENSOR)
            yield from attribute.messages(_ATTRIBUTE_TENSORS)


def _inputs(graph: Message) -> list[Message]:
    weights = {tensor.text(_TENSOR_NAME) for tensor in graph.messages(_GRAPH_INITIALIZER)}
    values = graph.messages(_GRAPH_INPUT)
    return [value for value in values if value.text(_VALUE_NAME) not in weights]


def _ports_problem(graph: Message) -> str | None:
    inputs, outputs = _inputs(graph), graph.messages(_GRAPH_OUTPUT)
    if len(inputs) != 1:
        return f"it has {len(inputs)} inputs, not one"
    if _element(inputs[0]) not in _PICTURES:
        return f"{inputs[0].text(_VALUE_NAME)!r} is neither float32 nor uint8"
    others = [value.text(_VALUE_NAME) for value in outputs if _element(value) != _FLOAT]
    return f"{others[0]!r} is not float32" if others else None


def _input_problem(graph: Message, expected: InputSpec) -> str | None:
    inputs = _inputs(graph)
    names = [value.text(_VALUE_NAME) for value in inputs]
    if names != [expected.name]:
        return f"its inputs are {names}, not [{expected.name!r}]"
    return _type_problem(inputs[0], _UINT8, "uint8", (None, *expected.shape[1:]))


def _output_problem(graph: Message, expected: str) -> str | None:
    outputs = graph.messages(_GRAPH_OUTPUT)
    names = [value.text(_VALUE_NAME) for value in outputs]
    if names != [expected]:
        return f"its outputs are {names}, not [{expected!r}]"
    return _type_problem(outputs[0], _FLOAT, "float32", (None, len(LABELS)))


def _type_problem(
    value: Message, element: int, element_name: str, shape: tuple[int | None, ...]
) -> str | None:
    name = value.text(_VALUE_NAME)
    if _element(value) != element:
        return f"{name!r} is not {element_name}"
    dimensions = _tensor_type(value).message(_TENSOR_TYPE_SHAPE).messages(_SHAPE_DIM)
    found = tuple(dimension.number(_DIM_VALUE) for dimension in dimensions)
    if found != shape:
        return f"{name!r} has the shape {_drawn(found)}, not {_drawn(shape)}"
    return None


def _tensor_type(value: Message) -> Message:
    return value.message(_VALUE_TYPE).message(_TYPE_TENSOR)


def _element(value: Message) -> int | None:
    return _tensor_type(value).number(_TENSOR_TYPE_ELEMENT)


def _drawn(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"
