"""What a strongly typed network obliges TensorRT to compute in, before any engine runs."""

from __future__ import annotations

from typing import Any

from edge_emotion.backends.layers import Layer, Role, plain_precision

_COMPUTE = {"CONVOLUTION", "MATRIX_MULTIPLY", "POOLING", "REDUCE"}
_CONVERT = {"CAST", "QUANTIZE", "DEQUANTIZE"}


def network_layers(network: Any) -> tuple[Layer, ...]:
    """The layers of a network, in order; what depends on constants alone is left out.

    A layer whose inputs all come out of dequantisers runs on their integers; one whose inputs
    differ in type runs in floating point. A converter's precision is the one that it gives. The
    kernels themselves, and the reformats between them, are chosen when the engine is built, and
    only a GPU can list them. Element-wise layers are listed as ``move``: TensorRT has no kernel
    for them beside the one they end or begin.

    Args:
        network: a parsed ``INetworkDefinition``.
    """
    integers: dict[str, str] = {}
    constant: set[str] = set()
    layers = []
    for index in range(network.num_layers):
        node = network.get_layer(index)
        kind = node.type.name
        inputs = [tensor for tensor in map(node.get_input, range(node.num_inputs)) if tensor]
        output = node.get_output(0)
        if all(tensor.name in constant for tensor in inputs):
            constant.add(output.name)
        if kind == "DEQUANTIZE":
            integers[output.name] = inputs[0].dtype.name
        if output.name not in constant:
            layers.append(
                Layer(node.name, kind, _precision(kind, inputs, output, integers), _role(kind))
            )
    return tuple(layers)


def _precision(kind: str, inputs: list[Any], output: Any, integers: dict[str, str]) -> str:
    if kind in _CONVERT:
        return plain_precision(output.dtype.name)
    types = {integers.get(tensor.name, tensor.dtype.name) for tensor in inputs}
    return plain_precision(types.pop() if len(types) == 1 else "float")


def _role(kind: str) -> Role:
    if kind in _CONVERT:
        return "convert"
    return "compute" if kind in _COMPUTE else "move"
