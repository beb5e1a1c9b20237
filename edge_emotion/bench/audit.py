"""What did not run in INT8, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable

from edge_emotion.backends.layers import Layer
from edge_emotion.bench.frozen import Frozen


class AuditedLayer(Frozen):
    """A layer under the runtime's own names."""

    name: str
    kind: str
    precision: str


class Audit(Frozen):
    """The layers that keep a model from being integers throughout, as the runtime tells."""

    not_int8: tuple[AuditedLayer, ...]
    """Compute layers that ran in floating point."""
    conversions: tuple[AuditedLayer, ...]
    """Layers that only change the type or the memory layout of a tensor."""


def audit(layers: Iterable[Layer]) -> Audit | None:
    """Sort out the executed layers; ``None`` where the runtime lists none."""
    executed = list(layers)
    if not executed:
        return None
    return Audit(
        not_int8=tuple(
            _audited(layer) for layer in executed if layer.computes and layer.precision != "int8"
        ),
        conversions=tuple(_audited(layer) for layer in executed if layer.role == "convert"),
    )


def _audited(layer: Layer) -> AuditedLayer:
    return AuditedLayer(name=layer.name, kind=layer.kind, precision=layer.precision)
