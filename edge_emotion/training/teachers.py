"""Whom a student learns from: networks ready to answer batch after batch, and kept answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.backends.base import InferencePrecision
from edge_emotion.backends.graph import Graph, load_graph
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.export.onnx import OUTPUT, to_onnx
from edge_emotion.models.checkpoint import Checkpoint
from edge_emotion.training.answers import Answers, holds_answers

Teacher = Callable[[Tensor], Tensor]
"""Faces, float (N, 1, 48, 48), 0 to 255 → float32 logits (N, C); nothing in it is ever trained, so
whoever copies a student shares its teachers."""


@dataclass(frozen=True)
class Teachers:
    """All that a run learns from beside its labels.

    Args:
        networks: they see the very batches that the student sees.
        kept: answers given once, on the training faces as they lie in the dataset.
    """

    networks: tuple[Teacher, ...] = ()
    kept: tuple[Answers, ...] = ()

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Teachers:
        """Read files of either kind.

        Raises:
            ArtifactError: one cannot be read.
        """
        kept = [path for path in paths if holds_answers(path)]
        networks = tuple(load_teacher(path) for path in paths if path not in kept)
        return cls(networks, tuple(Answers.load(path) for path in kept))

    def __bool__(self) -> bool:
        return bool(self.networks or self.kept)

    def answers(
        self, images: npt.NDArray[np.uint8], temperature: float
    ) -> npt.NDArray[np.float32] | None:
        """Mean of the kept answers, softened: float32 (N, 7); None where none are kept.

        Args:
            images: uint8 (N, 48, 48).
            temperature: divides the logarithms, as it divides logits.

        Raises:
            DataError: a face was never answered.
        """
        if not self.kept:
            return None
        logarithms = torch.stack([torch.from_numpy(answers.on(images)) for answers in self.kept])
        mean: npt.NDArray[np.float32] = (logarithms / temperature).softmax(dim=2).mean(0).numpy()
        return mean


def load_teacher(path: Path) -> Teacher:
    """A trained network as the quickest thing on this machine that answers as it does.

    On a GPU that is the network itself. On a CPU OpenVINO takes a third of PyTorch's time, where it
    is installed.

    Args:
        path: checkpoint or teacher file, or a training run's folder.

    Raises:
        ArtifactError: it cannot be read.
    """
    network = Checkpoint.load(path).fp32_network()
    if torch.cuda.is_available() or get_backend("openvino").unavailable_reason() is not None:
        return NetworkTeacher(network)
    return GraphTeacher(network)


class NetworkTeacher:
    """A network that PyTorch runs, on the device and in the precision of its student.

    Args:
        network: trained.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __deepcopy__(self, _: dict[int, Any]) -> NetworkTeacher:
        return self

    @torch.no_grad()
    def __call__(self, faces: Tensor) -> Tensor:
        """Logits of a batch."""
        logits: Tensor = self._network.to(faces.device)(faces).float()
        return logits


class GraphTeacher:
    """A network that OpenVINO runs, in bfloat16 where the processor has it.

    It sees bytes, as every runtime of this project does: augmented pixels are rounded.

    Args:
        network: trained.
    """

    def __init__(self, network: nn.Module) -> None:
        self._content = to_onnx(network.eval()).SerializeToString()
        self._options = LoadOptions(inference_precision=_narrowest())
        self._graphs: dict[int, Graph] = {}

    def __deepcopy__(self, _: dict[int, Any]) -> GraphTeacher:
        return self

    def __call__(self, faces: Tensor) -> Tensor:
        """Logits of a batch; a new batch size compiles the network for it."""
        count = len(faces)
        if count not in self._graphs:
            shape = (count, 1, FACE_SIZE, FACE_SIZE)
            self._graphs[count] = load_graph(self._content, shape, self._options, "openvino")
        picture = faces.detach().round().clamp(0, 255).to("cpu", torch.uint8).contiguous().numpy()
        logits = self._graphs[count].run(picture)[OUTPUT]
        return torch.from_numpy(np.array(logits)).to(faces.device)


def _narrowest() -> InferencePrecision:
    """Teachers lose nothing in bfloat16: 99.8 % of ``small``'s answers stay the same."""
    from edge_emotion.backends.openvino_runtime import Runtime

    return "bf16" if "bf16" in Runtime().narrow_precisions else "f32"
