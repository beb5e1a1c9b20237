"""Trained weights in one safetensors file: both phases, the recipe and the metrics."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, fx, nn

from edge_emotion.errors import ArtifactError
from edge_emotion.jsonio import atomic_path
from edge_emotion.models import build_network
from edge_emotion.models.quantization import quantised_twin

CHECKPOINT = "checkpoint.safetensors"
_PHASES = ("fp32", "int8")


@dataclass(frozen=True)
class Checkpoint:
    """What a training run leaves.

    Args:
        network: name in the registry.
        recipe: the whole recipe, as JSON-ready values.
        metrics: what was measured in training, as JSON-ready values.
        fp32: state of the floating-point network.
        int8: state of its quantised twin; empty when the recipe has no such phase.
    """

    network: str
    recipe: dict[str, Any]
    metrics: dict[str, Any]
    fp32: dict[str, Tensor]
    int8: dict[str, Tensor]

    def fp32_network(self) -> nn.Module:
        """The floating-point network, in evaluation mode."""
        network = build_network(self.network)
        network.load_state_dict(self.fp32)
        return network.eval()

    def int8_network(self) -> fx.GraphModule:
        """The quantised twin, in evaluation mode.

        Raises:
            ArtifactError: the run ended in floating point.
        """
        if not self.int8:
            raise ArtifactError(
                f"the checkpoint of {self.network} has no int8 phase",
                "train it with an [int8] table in its recipe",
            )
        twin = quantised_twin(build_network(self.network))
        twin.load_state_dict(self.int8)
        twin.eval()
        return twin

    def as_teacher(self) -> Checkpoint:
        """Its floating-point weights alone, in half precision: all that a distillation needs."""
        half = {k: v.half() if v.is_floating_point() else v for k, v in self.fp32.items()}
        return replace(self, fp32=half, int8={})

    def save(self, path: Path) -> None:
        """Write one file, atomically."""
        states = {"fp32": self.fp32, "int8": self.int8}
        tensors = {
            f"{phase}.{key}": tensor.contiguous()
            for phase, state in states.items()
            for key, tensor in state.items()
        }
        metadata = {
            "network": self.network,
            "recipe": json.dumps(self.recipe),
            "metrics": json.dumps(self.metrics),
        }
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint file, or the one inside a training run's folder.

        Raises:
            ArtifactError: missing, truncated, or not a checkpoint of this project.
        """
        path = checkpoint_file(path)
        try:
            return cls._read(path)
        except (SafetensorError, KeyError, ValueError, OSError, RecursionError) as error:
            raise ArtifactError(
                f"{path} is not a readable checkpoint: {error}", "train again or copy it again"
            ) from error

    @classmethod
    def _read(cls, path: Path) -> Checkpoint:
        states: dict[str, dict[str, Tensor]] = {phase: {} for phase in _PHASES}
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            for key in file.keys():  # noqa: SIM118 - not a mapping
                phase, _, name = key.partition(".")
                states[phase][name] = file.get_tensor(key)
        return cls(
            metadata["network"],
            json.loads(metadata["recipe"]),
            json.loads(metadata["metrics"]),
            states["fp32"],
            states["int8"],
        )


def checkpoint_file(path: Path) -> Path:
    """The file meant by ``path``: itself, or the one inside a training run's folder.

    Raises:
        ArtifactError: there is none.
    """
    file = path / CHECKPOINT if path.is_dir() else path
    if not file.is_file():
        raise ArtifactError(
            f"no checkpoint at {file}", "train one with 'edge-emotion train', or check the path"
        )
    return file


def load_network(path: Path) -> nn.Module:
    """The quantised twin of a checkpoint file: uint8 (N, 1, 48, 48) → logits (N, 7)."""
    return Checkpoint.load(path).int8_network()
