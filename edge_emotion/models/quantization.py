"""The quantised twin of a network: the same graph with batch-norm folded and INT8 simulated.

Scheme, the one that TensorRT and integer CPU kernels share (Jacob et al., 2018, arXiv:1712.05877,
with symmetric ranges throughout):

* weights: int8, ±127, one scale per output channel, zero point 0; ±63 where the input has all 255
  levels of a byte, which is where it is the picture or no ReLU came before: x86 without VNNI adds
  products up in pairs of 16 bits, and 2 × 255 × 63 still fits, as 2 × 127 × 127 does. (Runtimes let
  a positive activation exceed its learned range; that is rare, and changes no answer there.)
* activations: int8, one scale per tensor, zero point 0, range = moving average of the maximum;
* gradients pass straight through the rounding and stop where the range clips.

A tensor is quantised once, where it is produced, if a convolution, a linear layer, an addition or
an average pool consumes it. The input needs no learned range: (x - 128) / 128 is exact in int8.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from edge_emotion.models.compact import Normalise

QMAX = 127
"""Largest level of an activation, and of a weight that meets none but positive ones."""
QMAX_OF_SIGNED_INPUT = 63
"""Largest level of a weight whose input spreads over all of a byte."""
INPUT_SCALE = 1.0 / 128.0
"""Step of the input's grid, which `Normalise` fixes."""
_POOLS = (nn.AdaptiveAvgPool2d, nn.AvgPool2d)
_QUANTISED = (nn.Conv2d, nn.Linear, *_POOLS)
_TRANSPARENT = (nn.MaxPool2d, nn.Dropout, nn.Identity)
_ADDITIONS = (operator.add, operator.iadd, torch.add)


class _Round(torch.autograd.Function):
    """x → its nearest representable value; the gradient passes inside the range only."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        levels = torch.round(x / scale)
        ctx.save_for_backward(levels.abs() <= QMAX)
        return (levels.clamp_(-QMAX, QMAX) * scale).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None


def _rounded(x: Tensor, scale: Tensor) -> Tensor:
    result: Tensor = _Round.apply(x, scale)
    return result


class ActivationQuantizer(nn.Module):
    """Simulates int8 on one tensor and learns its range while training.

    Args:
        non_negative: the tensor comes from a ReLU, so an unsigned encoding may hold it.
        branch: it is the last convolution of a residual branch, on its way into the addition.
    """

    momentum = 0.02
    limit: Tensor

    def __init__(self, *, non_negative: bool, branch: bool) -> None:
        super().__init__()
        self.non_negative = non_negative
        self.branch = branch
        self.observing = True
        self.register_buffer("limit", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Any float tensor → the same shape, on the int8 grid."""
        if self.training and self.observing:
            peak = x.detach().abs().amax().float()
            # The first batch sets the range; later ones move it.
            step = torch.where(self.limit == 0, 1.0, self.momentum)
            self.limit.lerp_(peak, step)
        return _rounded(x, self.scale)

    @property
    def scale(self) -> Tensor:
        """Step of the signed grid (scalar)."""
        return torch.clamp(self.limit, min=1e-6) / QMAX


class QuantConv2d(nn.Conv2d):
    """A convolution whose weights are rounded to int8, and its bias to int32, on every pass."""

    input_scale: Callable[[], Tensor]
    """Step of the grid its input lies on; set when the twin is made."""
    qmax = QMAX
    """Largest level of its weights; set when the twin is made."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → as ``nn.Conv2d``."""
        result: Tensor = self._conv_forward(x, *_rounded_parameters(self))
        return result


class QuantLinear(nn.Linear):
    """A linear layer whose weights are rounded to int8, and its bias to int32, on every pass."""

    input_scale: Callable[[], Tensor]
    """Step of the grid its input lies on; set when the twin is made."""
    qmax = QMAX
    """Largest level of its weights; set when the twin is made."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) → as ``nn.Linear``."""
        return nn.functional.linear(x, *_rounded_parameters(self))


def weight_scale(layer: QuantConv2d | QuantLinear) -> Tensor:
    """Step of each output channel's grid, shaped to broadcast over the layer's weights."""
    dimensions = tuple(range(1, layer.weight.ndim))
    peak: Tensor = layer.weight.detach().abs().amax(dimensions, keepdim=True)
    return peak.clamp(min=1e-8) / layer.qmax


def _rounded_parameters(layer: QuantConv2d | QuantLinear) -> tuple[Tensor, Tensor | None]:
    """Weights and bias; integer kernels add the bias to sums of input step × weight step."""
    scale = weight_scale(layer)
    weight = _rounded(layer.weight, scale)
    if layer.bias is None:
        return weight, None
    step = scale.flatten() * layer.input_scale()
    rounded = torch.round(layer.bias / step) * step
    return weight, layer.bias + (rounded - layer.bias).detach()


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, Normalise) or super().is_leaf_module(m, module_qualified_name)


def quantised_twin(network: nn.Module) -> fx.GraphModule:
    """Fold batch-norms of a trained network and insert simulated quantisation.

    The result shares no parameter with ``network``; it starts in training mode, observing ranges.
    """
    was_training = network.training
    network.eval()
    graph = _Tracer().trace(network)
    twin = fx.GraphModule(network, graph)
    network.train(was_training)
    _fold_batch_norms(twin)
    _quantise_weights(twin)
    _quantise_activations(twin)
    _tell_inputs(twin)
    twin.graph.lint()
    twin.recompile()
    return twin.train()


def freeze_ranges(twin: nn.Module) -> None:
    """Stop learning activation ranges; weights go on training against fixed grids."""
    for module in twin.modules():
        if isinstance(module, ActivationQuantizer):
            module.observing = False


def without_branch_rounding(twin: fx.GraphModule) -> fx.GraphModule:
    """A copy as TensorRT computes it: a branch's last convolution is added before rounding."""
    fused = copy.deepcopy(twin)
    for path, module in list(fused.named_modules()):
        if isinstance(module, ActivationQuantizer) and module.branch:
            _replace(fused, path, nn.Identity())
    return fused


def _module(twin: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return twin.get_submodule(str(node.target)) if node.op == "call_module" else None


def _replace(twin: fx.GraphModule, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(twin.get_submodule(parent), name, module)


def _fold_batch_norms(twin: fx.GraphModule) -> None:
    for node in list(twin.graph.nodes):
        source = node.args[0] if node.args else None
        if not isinstance(source, fx.Node) or len(source.users) != 1:
            continue
        folded = _folded(_module(twin, source), _module(twin, node))
        if folded is not None:
            _replace(twin, str(source.target), folded)
            node.replace_all_uses_with(source)
            twin.graph.erase_node(node)
    twin.delete_all_unused_submodules()


def _folded(layer: nn.Module | None, norm: nn.Module | None) -> nn.Module | None:
    """One layer that computes both; None where they are no layer and its batch-norm."""
    if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
        return fuse_conv_bn_eval(layer.eval(), norm.eval())
    if isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
        return fuse_linear_bn_eval(layer.eval(), norm.eval())
    return None


def _quantise_weights(twin: fx.GraphModule) -> None:
    for path, module in list(twin.named_modules()):
        if isinstance(module, nn.Conv2d):
            conv = QuantConv2d(
                module.in_channels,
                module.out_channels,
                cast(tuple[int, int], module.kernel_size),
                stride=cast(tuple[int, int], module.stride),
                padding=cast(tuple[int, int], module.padding),
                dilation=cast(tuple[int, int], module.dilation),
                groups=module.groups,
                bias=module.bias is not None,
            )
            conv.load_state_dict(module.state_dict())
            _replace(twin, path, conv)
        elif isinstance(module, nn.Linear):
            linear = QuantLinear(module.in_features, module.out_features, module.bias is not None)
            linear.load_state_dict(module.state_dict())
            _replace(twin, path, linear)


def _quantise_activations(twin: fx.GraphModule) -> None:
    producers: dict[fx.Node, list[fx.Node]] = {}
    for node in twin.graph.nodes:
        if _is_quantised(twin, node):
            for source in node.all_input_nodes:
                producer = _through(twin, source)
                if not isinstance(_module(twin, producer), Normalise):
                    producers.setdefault(producer, []).append(node)
    for number, (producer, consumers) in enumerate(producers.items()):
        branch = isinstance(_module(twin, producer), nn.Conv2d) and all(
            consumer.target in _ADDITIONS for consumer in consumers
        )
        name = f"activation_{number}"
        quantizer = ActivationQuantizer(non_negative=_non_negative(twin, producer), branch=branch)
        twin.add_submodule(name, quantizer)
        with twin.graph.inserting_after(producer):
            quantised = twin.graph.call_module(name, (producer,))
        producer.replace_all_uses_with(quantised, partial(operator.is_not, quantised))


def _input_quantizer(twin: fx.GraphModule, node: fx.Node) -> ActivationQuantizer | Normalise:
    """What put the input of a layer on its grid."""
    source = node.all_input_nodes[0]
    while not isinstance(found := _module(twin, source), (ActivationQuantizer, Normalise)):
        source = source.all_input_nodes[0]
    return found


def _tell_inputs(twin: fx.GraphModule) -> None:
    for node in twin.graph.nodes:
        layer = _module(twin, node)
        if isinstance(layer, (QuantConv2d, QuantLinear)):
            quantizer = _input_quantizer(twin, node)
            layer.input_scale = partial(_step_of, [quantizer])
            positive = isinstance(quantizer, ActivationQuantizer) and quantizer.non_negative
            layer.qmax = QMAX if positive else QMAX_OF_SIGNED_INPUT


def _step_of(holder: list[ActivationQuantizer | Normalise]) -> Tensor:
    """Read the step when it is needed; the list keeps the quantiser out of the layer's state."""
    (quantizer,) = holder
    return _step(quantizer)


def input_step(twin: fx.GraphModule, node: fx.Node) -> Tensor:
    """Step of the grid that the input of a layer lies on (scalar)."""
    return _step(_input_quantizer(twin, node))


def _step(quantizer: ActivationQuantizer | Normalise) -> Tensor:
    if isinstance(quantizer, Normalise):
        return torch.tensor(INPUT_SCALE)
    return quantizer.scale


def _is_quantised(twin: fx.GraphModule, node: fx.Node) -> bool:
    return isinstance(_module(twin, node), _QUANTISED) or node.target in _ADDITIONS


def _through(twin: fx.GraphModule, node: fx.Node) -> fx.Node:
    """The node that computes a tensor, looking through layers that only choose among values."""
    while isinstance(_module(twin, node), _TRANSPARENT):
        node = node.all_input_nodes[0]
    return node


def _non_negative(twin: fx.GraphModule, node: fx.Node) -> bool:
    module = _module(twin, node)
    keeps_sign = (*_POOLS, *_TRANSPARENT, nn.Flatten, ActivationQuantizer)
    if isinstance(module, keeps_sign) or node.target is torch.flatten:
        return _non_negative(twin, node.all_input_nodes[0])
    return isinstance(module, (nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Hardsigmoid))
