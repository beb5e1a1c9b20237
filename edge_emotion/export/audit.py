"""The precision audit: what every layer of a compiled model computes in."""

from __future__ import annotations

from dataclasses import dataclass

from edge_emotion.artifact import Artifact
from edge_emotion.backends.layers import Layer, count_precisions


@dataclass(frozen=True)
class Compiled:
    """A compiled artefact and its precision audit.

    Args:
        artifact: the published model.
        layers: every layer, in order of execution.
    """

    artifact: Artifact
    layers: tuple[Layer, ...]

    @property
    def precision(self) -> dict[str, int]:
        """Precision → number of compute layers."""
        return count_precisions(self.layers)

    @property
    def not_int8(self) -> tuple[Layer, ...]:
        """The compute layers that do not run in INT8."""
        return tuple(layer for layer in self.layers if layer.computes and layer.precision != "int8")

    @property
    def conversions(self) -> tuple[Layer, ...]:
        """The layers that only change the type or the memory layout of a tensor."""
        return tuple(layer for layer in self.layers if layer.role == "convert")
