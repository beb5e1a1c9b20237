"""A trained network → one self-contained ONNX file, in floating point or with Q/DQ nodes.

Two encodings come from one set of learned ranges, because the fast kernels disagree:

* ``tensorrt``: int8 with zero point 0 everywhere, float biases, and no Q/DQ on the last convolution
  of a residual branch, so that convolution, addition and ReLU fuse into one kernel.
* ``cpu``: uint8 activations, int32 biases, Q/DQ on both inputs of an addition, because ONNX
  Runtime leaves signed activations after a ReLU in floating point. The grid is the trained one,
  step for step, with zero point 0 after a ReLU and 128 elsewhere. Spreading 255 finer steps
  over a ReLU's range looks better and is worse: the model was not trained on that grid (`small`
  then agrees with its model on 97.7 % of PublicTest, on the trained grid on 99.97 %).
"""

from __future__ import annotations

import copy
import warnings
from typing import Any, Literal

import onnx
import torch
from torch import Tensor, fx, nn

from edge_emotion.emotions import FACE_SIZE
from edge_emotion.models.compact import Normalise
from edge_emotion.models.quantization import (
    INPUT_SCALE,
    ActivationQuantizer,
    QuantConv2d,
    QuantLinear,
    input_step,
    weight_scale,
)

OPSET = 18
"""The newest that TensorRT 10.3 (JetPack 6) and ONNX Runtime 1.17 both read."""
_IR_VERSION = 8
"""The one that came with opset 18; older runtimes refuse newer ones."""
INPUT, OUTPUT = "faces", "logits"


class _Quantize(nn.Module):
    """A QuantizeLinear and its DequantizeLinear, per tensor."""

    scale: Tensor
    zero_point: Tensor

    def __init__(self, scale: Tensor, zero_point: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("scale", scale.detach().clone().float())
        self.register_buffer("zero_point", torch.tensor(zero_point, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        levels = torch.onnx.ops.symbolic(
            "QuantizeLinear",
            (x, self.scale, self.zero_point),
            dtype=self.zero_point.dtype,
            shape=x.shape,
        )
        return _dequantize(levels, self.scale, self.zero_point)


class _DequantizeInput(nn.Module):
    """Bytes are the levels of the first quantiser already: scale 1/128, zero point 128."""

    scale: Tensor
    zero_point: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(INPUT_SCALE))
        self.register_buffer("zero_point", torch.tensor(128, dtype=torch.uint8))

    def forward(self, faces: Tensor) -> Tensor:
        return _dequantize(faces, self.scale, self.zero_point)


class _Constant(nn.Module):
    """A weight or bias stored as integers, dequantised in the graph."""

    levels: Tensor
    scale: Tensor
    zero_point: Tensor

    def __init__(self, value: Tensor, scale: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        shape = (-1,) + (1,) * (value.ndim - 1)
        levels = torch.round(value.detach() / scale.reshape(shape))
        self.register_buffer("levels", levels.to(dtype))
        self.register_buffer("scale", scale.detach().float())
        self.register_buffer("zero_point", torch.zeros(len(scale), dtype=dtype))

    def forward(self) -> Tensor:
        return _dequantize(self.levels, self.scale, self.zero_point, axis=0)


class _CentredConstant(_Constant):
    """The same with its zero point left to the default, which is 0.

    Convolutions as CPU kernels get them: where a convolution and a linear layer have as many
    outputs, OpenVINO merges their equal zero points and then runs both in floating point. Linear
    layers keep theirs, without which ONNX Runtime has no integer kernel for them.
    """

    def forward(self) -> Tensor:
        return _dequantize(self.levels, self.scale, None, axis=0)


class _EncodedLayer(nn.Module):
    """A convolution or linear layer with integer weights."""

    def __init__(self, layer: QuantConv2d | QuantLinear, bias_input_scale: Tensor | None) -> None:
        super().__init__()
        scale = weight_scale(layer).flatten()
        for_cpu = bias_input_scale is not None
        centred = for_cpu and isinstance(layer, QuantConv2d)
        weight = _CentredConstant if centred else _Constant
        self.weight = weight(layer.weight, scale, torch.int8)
        self.layer = layer
        self.bias: nn.Module | None = None
        if layer.bias is not None and bias_input_scale is not None:
            self.bias = _Constant(layer.bias, scale * bias_input_scale, torch.int32)

    def forward(self, x: Tensor) -> Tensor:
        bias = self.layer.bias if self.bias is None else self.bias()
        if isinstance(self.layer, QuantConv2d):
            result: Tensor = self.layer._conv_forward(x, self.weight(), bias)  # noqa: SLF001
            return result
        return nn.functional.linear(x, self.weight(), bias)


class _GlobalPool(nn.Module):
    """The exporter writes a mean over two axes; ONNX Runtime has an INT8 kernel for this form."""

    def forward(self, x: Tensor) -> Tensor:
        pooled: Tensor = torch.onnx.ops.symbolic(
            "GlobalAveragePool", (x,), dtype=x.dtype, shape=(*x.shape[:2], 1, 1)
        )
        return pooled


def _dequantize(
    levels: Tensor, scale: Tensor, zero_point: Tensor | None, axis: int | None = None
) -> Tensor:
    result: Tensor = torch.onnx.ops.symbolic(
        "DequantizeLinear",
        (levels, scale) if zero_point is None else (levels, scale, zero_point),
        attrs={} if axis is None else {"axis": axis},
        dtype=torch.float32,
        shape=levels.shape,
    )
    return result


def encode(twin: fx.GraphModule, encoding: Literal["cpu", "tensorrt"]) -> fx.GraphModule:
    """Replace simulated quantisation by Q/DQ operators of one encoding.

    Args:
        twin: a trained quantised twin; it is left as it is.
        encoding: see the module's docstring.
    """
    encoded = copy.deepcopy(twin).eval()
    replacements = {
        node: _encoded(encoded, node, encoding)
        for node in encoded.graph.nodes
        if node.op == "call_module"
    }
    for node, module in replacements.items():
        if module is not None:
            parent, _, name = str(node.target).rpartition(".")
            setattr(encoded.get_submodule(parent), name, module)
    return encoded


def _encoded(
    twin: fx.GraphModule, node: fx.Node, encoding: Literal["cpu", "tensorrt"]
) -> nn.Module | None:
    module = twin.get_submodule(str(node.target))
    unsigned = encoding == "cpu"
    if isinstance(module, Normalise):
        if unsigned:
            return _DequantizeInput()
        return nn.Sequential(module, _Quantize(torch.tensor(INPUT_SCALE), 0, torch.int8))
    if isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1)):
        return _GlobalPool()
    if isinstance(module, (QuantConv2d, QuantLinear)):
        input_scale = input_step(twin, node) if unsigned else None
        return _EncodedLayer(module, input_scale)
    if isinstance(module, ActivationQuantizer):
        if not unsigned:
            return nn.Identity() if module.branch else _Quantize(module.scale, 0, torch.int8)
        zero_point = 0 if module.non_negative else 128
        return _Quantize(module.scale, zero_point, torch.uint8)
    return None


class _Half(nn.Module):
    """A network that computes in float16 between byte input and float32 logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()
        for path, module in list(self.network.named_modules()):
            if isinstance(module, Normalise):
                parent, _, name = path.rpartition(".")
                setattr(self.network.get_submodule(parent), name, _NormaliseHalf())

    def forward(self, faces: Tensor) -> Tensor:
        logits: Tensor = self.network(faces)
        return logits.float()


class _NormaliseHalf(Normalise):
    def forward(self, faces: Tensor) -> Tensor:
        return super().forward(faces).half()


def half_precision(network: nn.Module) -> nn.Module:
    """The same network computing in float16; input and output keep their types."""
    return _Half(network)


def to_onnx(network: nn.Module) -> onnx.ModelProto:
    """Trace a network in evaluation mode with a dynamic batch.

    Args:
        network: faces uint8 (N, 1, 48, 48) → float logits (N, 7).

    Returns:
        A model with input ``faces`` and output ``logits``, checked by ``onnx.checker``.
    """
    example = torch.zeros(2, 1, FACE_SIZE, FACE_SIZE, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program: Any = torch.onnx.export(
            network.eval(),
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            verbose=False,
        )
    model: onnx.ModelProto = program.model_proto
    model.ir_version = _IR_VERSION
    _forget_origin(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _forget_origin(graph: onnx.GraphProto) -> None:
    """Drop what the exporter notes of its own source: a tenth of the file, with local paths."""
    del graph.value_info[:]
    for node in graph.node:
        del node.metadata_props[:]
