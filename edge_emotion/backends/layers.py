"""What each layer of a loaded model computes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["compute", "convert", "move"]
"""``compute`` is arithmetic that scales with the picture; ``convert`` changes how a tensor is
written, its type or its memory layout, and not what it says; ``move`` does neither."""

_PLAIN_NAMES = {"u8": "int8", "i8": "int8", "uint8": "int8", "float": "f32", "half": "f16"}


@dataclass(frozen=True)
class Layer:
    """One layer as the runtime executes it, after fusion.

    Args:
        name: the runtime's name for it.
        kind: the runtime's word for what it does, as ``Convolution``.
        precision: what it computes in: ``int8`` (signed or unsigned), ``f32``, ``bf16``, ``f16``.
        role: whether it computes, or what else it is there for.
    """

    name: str
    kind: str
    precision: str
    role: Role

    @property
    def computes(self) -> bool:
        """Whether its precision decides how fast and how exact the model is."""
        return self.role == "compute"


def plain_precision(name: str) -> str:
    """One word for a precision, whatever the runtime calls it."""
    return _PLAIN_NAMES.get(name.lower(), name.lower())


def count_precisions(layers: Iterable[Layer]) -> dict[str, int]:
    """Precision → number of compute layers, most frequent first."""
    counts = Counter(layer.precision for layer in layers if layer.computes)
    return dict(counts.most_common())
