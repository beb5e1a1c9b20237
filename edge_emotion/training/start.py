"""What a run begins with: random weights, or those of a network that was trained before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx.numpy_helper import to_array
from torch import Tensor, nn

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.errors import ArtifactError, RecipeError
from edge_emotion.jsonio import sha256_of
from edge_emotion.models import build_network
from edge_emotion.models.checkpoint import Checkpoint, checkpoint_file
from edge_emotion.models.folded import Folded, unfold
from edge_emotion.models.mirror import keep_symmetric, make_symmetric
from edge_emotion.training.recipe import Recipe

_FACES = 1280
"""At most: enough for the statistics of batch-norms."""


@dataclass(frozen=True)
class Start:
    """Weights to go on from.

    Args:
        file: where they came from.
        sha256: of it.
        weights: state of a floating-point network.
    """

    file: Path
    sha256: str
    weights: dict[str, Tensor]

    @classmethod
    def load(cls, source: str, network: str, images: npt.NDArray[np.uint8]) -> Start:
        """Read a model in floating point, or what a training run has left.

        Args:
            source: name of a model as ``small-fp32``, an ONNX file, a checkpoint, a teacher file,
                or a run's folder.
            network: name in the registry of the network that is to begin with it.
            images: the training faces, uint8 (N, 48, 48); an ONNX file has no batch-norms, which
                get their statistics from some of each class.

        Raises:
            ArtifactError: it cannot be read, is quantised, or holds another network.
        """
        path = Path(source)
        if path.is_dir() or path.suffix == ".safetensors":
            file = checkpoint_file(path)
            checkpoint = Checkpoint.load(file)
            _agree(str(file), checkpoint.network, network)
            return cls(file, sha256_of(file), checkpoint.fp32)
        artifact = resolve_model(source)
        _agree(source, artifact.manifest.network, network)
        every = -(-len(images) // _FACES)  # datasets come class by class: some of each
        faces = torch.from_numpy(images[::every]).unsqueeze(1)
        return cls(artifact.path, artifact.manifest.sha256, _unfolded(artifact, faces))


def begin(recipe: Recipe, start: Start | None) -> nn.Module:
    """The network of a recipe as its training begins; random weights come from torch's generator.

    Raises:
        RecipeError: it cannot be symmetric, or has no dropout to be set.
        UsageError: no such network.
    """
    network = build_network(recipe.network)
    if recipe.dropout is not None:
        _set_dropout(network, recipe.dropout, recipe.network)
    if recipe.symmetric:
        make_symmetric(network)
    if start is not None:
        network.load_state_dict(start.weights)
        if recipe.symmetric:
            keep_symmetric(network)
    return network


def _set_dropout(network: nn.Module, probability: float, name: str) -> None:
    layers = [each for each in network.modules() if isinstance(each, nn.Dropout)]
    if not layers:
        raise RecipeError(
            f"the network {name} has no dropout layer, and the recipe sets dropout",
            "take dropout out of the recipe",
        )
    for layer in layers:
        layer.p = probability


def _agree(source: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise ArtifactError(
            f"{source} holds the network {found}, and the recipe trains {wanted}",
            f"start with a {wanted}, or pass --set network={found}",
        )


def _unfolded(artifact: Artifact, faces: Tensor) -> dict[str, Tensor]:
    """State of a network from its ONNX file, whose tensors have the names of its layers."""
    manifest = artifact.manifest
    if manifest.precision != "fp32":
        raise ArtifactError(
            f"{artifact.path.name} holds {manifest.precision} weights, which do not learn",
            f"start with the same model in floating point, as {manifest.name}-fp32",
        )
    graph = onnx.load_from_string(read_onnx(artifact)).graph
    tensors = {each.name: torch.tensor(to_array(each)) for each in graph.initializer}
    network = build_network(manifest.network)
    try:
        layers = [
            Folded(tensors.pop(f"{name}.weight"), tensors.pop(f"{name}.weight_bias"))
            for name, layer in network.named_modules()
            if isinstance(layer, nn.Conv2d)
        ]
        unfold(network, layers, faces)
        state = network.state_dict()
        state |= {name: tensors[name] for name in state if name in tensors}
        network.load_state_dict(state)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ArtifactError(
            f"cannot make a {manifest.network} of {artifact.path.name}: {error}",
            "start with a checkpoint of a training run",
        ) from error
    return dict(network.state_dict())
