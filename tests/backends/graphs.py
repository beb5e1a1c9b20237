"""Small classifiers in the graph shapes the exporter writes, with random weights.

Each has a stem, one residual block, global pooling and a linear layer. The quantised ones carry
Q/DQ pairs in one of the two encodings: ``cpu`` (unsigned after ReLU, both residual inputs) and
``tensorrt`` (signed throughout with zero point 0, the identity branch only, float bias).
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge_emotion.artifact import Encoding
from tests.backends.classifiers import asset


class GraphBuilder:
    """Appends nodes and weights; every method returns the name of the tensor it made."""

    def __init__(self, encoding: Encoding, channels: int) -> None:
        self.encoding = encoding
        self.channels = channels
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(7)

    def constant(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, inputs: list[str], **attributes: object) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f"n_{name}", **attributes))
        return name

    def activation(self, tensor: str, scale: float, *, after_relu: bool) -> str:
        if self.encoding == "none":
            return tensor
        unsigned = np.uint8(0 if after_relu else 128)
        parameters = [
            self.constant(np.float32(scale)),
            self.constant(unsigned if self.encoding == "cpu" else np.int8(0)),
        ]
        quantised = self.node("QuantizeLinear", [tensor, *parameters])
        return self.node("DequantizeLinear", [quantised, *parameters])

    def faces(self) -> str:
        """The uint8 input, normalised to (x - 128) / 128."""
        if self.encoding == "cpu":
            scale = self.constant(np.float32(1 / 128))
            return self.node("DequantizeLinear", ["faces", scale, self.constant(np.uint8(128))])
        centred = self.node(
            "Sub",
            [
                self.node("Cast", ["faces"], to=TensorProto.FLOAT),
                self.constant(np.float32(128)),
            ],
        )
        scaled = self.node("Mul", [centred, self.constant(np.float32(1 / 128))])
        return self.activation(scaled, 1 / 128, after_relu=False)

    def weight(self, *shape: int, levels: int = 127) -> str:
        fan_in = int(np.prod(shape[1:]))
        array = self.random.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        if self.encoding == "none":
            return self.constant(array)
        scale = np.abs(array).reshape(shape[0], -1).max(axis=1) / np.float32(levels)
        column = scale.reshape(-1, *[1] * (len(shape) - 1))
        quantised = np.clip(np.rint(array / column), -levels, levels).astype(np.int8)
        zero = np.zeros(shape[0], np.int8)
        names = [self.constant(part) for part in (quantised, scale.astype(np.float32), zero)]
        return self.node("DequantizeLinear", names, axis=0)

    def stem(self) -> str:
        """It reads whole bytes, so its weights have 7 bits, see ``quantization.py``."""
        return self.convolution(self.faces(), 1, self.channels, stride=2, levels=63)

    def convolution(
        self, tensor: str, into: int, out: int, stride: int = 1, levels: int = 127
    ) -> str:
        bias = self.constant(self.random.normal(0, 0.1, out).astype(np.float32))
        return self.node(
            "Conv",
            [tensor, self.weight(out, into, 3, 3, levels=levels), bias],
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            strides=[stride, stride],
        )

    def residual_block(self, tensor: str, channels: int) -> str:
        """``relu(x + conv(relu(conv(x))))``, ``tensor`` being dequantised already."""
        inner = self.node("Relu", [self.convolution(tensor, channels, channels)])
        inner = self.activation(inner, 6 / 127, after_relu=True)
        branch = self.convolution(inner, channels, channels)
        if self.encoding == "cpu":
            branch = self.activation(branch, 8 / 128, after_relu=False)
        total = self.node("Relu", [self.node("Add", [tensor, branch])])
        return self.activation(total, 8 / 127, after_relu=True)

    def classifier(self) -> onnx.ModelProto:
        stem = self.node("Relu", [self.stem()])
        body = self.residual_block(self.activation(stem, 6 / 127, after_relu=True), self.channels)
        pooled = self.node("Flatten", [self.node("GlobalAveragePool", [body])])
        pooled = self.activation(pooled, 4 / 127, after_relu=True)
        bias = self.constant(np.zeros(7, np.float32))
        logits = self.node("Gemm", [pooled, self.weight(7, self.channels), bias], transB=1)
        self.nodes[-1].output[0] = "logits"
        assert logits
        return self.model()

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "classifier",
            [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["batch", 1, 48, 48])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 7])],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def build_classifier(encoding: Encoding) -> onnx.ModelProto:
    """The model that is committed as an asset."""
    return GraphBuilder(encoding, channels=16).classifier()


def main() -> None:
    """Write the committed assets again."""
    for encoding in ("none", "cpu", "tensorrt"):
        onnx.save(build_classifier(encoding), asset(encoding))


if __name__ == "__main__":
    main()
