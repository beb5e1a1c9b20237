"""Whom a student learns from: networks ready to answer batch after batch, and kept answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from edge_emotion.artifact import Artifact
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.backends.base import InferencePrecision
from edge_emotion.backends.graph import Graph, load_graph
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.export.onnx import OUTPUT, to_onnx
from edge_emotion.models.checkpoint import Checkpoint
from edge_emotion.models.features import Tap
from edge_emotion.training.answers import Answers, holds_answers

FEATURES = "features"


class Opinion(NamedTuple):
    """What a teacher makes of a batch: float32 logits (N, C) and, behind them, features (N, D)."""

    logits: Tensor
    features: Tensor


Teacher = Callable[[Tensor], Opinion]
"""Faces, float (N, 1, 48, 48), 0 to 255 → an opinion; nothing in it is ever trained, so whoever
copies a student shares its teachers."""


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

    @property
    def widths(self) -> tuple[int, ...]:
        """How many features each of the networks has, which they are asked once for."""
        face = torch.zeros(1, 1, FACE_SIZE, FACE_SIZE)
        return tuple(teacher(face).features.shape[1] for teacher in self.networks)

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
    is installed; in INT8, as models ship, a fifth.

    Args:
        path: checkpoint or teacher file, a training run's folder, or an ONNX file beside its
            manifest.

    Raises:
        ArtifactError: it cannot be read.
        BackendUnavailable: an ONNX file, and nothing is installed that runs it.
    """
    if path.suffix == ".onnx":
        return GraphTeacher(read_onnx(Artifact.load(path)))
    network = Checkpoint.load(path).fp32_network()
    if torch.cuda.is_available() or get_backend("openvino").unavailable_reason() is not None:
        return NetworkTeacher(network)
    return GraphTeacher(to_onnx(network).SerializeToString())


class NetworkTeacher:
    """A network that PyTorch runs, on the device and in the precision of its student.

    Args:
        network: trained.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self._tap = Tap(self._network)

    def __deepcopy__(self, _: dict[int, Any]) -> NetworkTeacher:
        return self

    @torch.no_grad()
    def __call__(self, faces: Tensor) -> Opinion:
        """Judge a batch."""
        logits: Tensor = self._network.to(faces.device)(faces)
        return Opinion(logits.float(), self._tap.take().float())


class GraphTeacher:
    """A network that a runtime computes, in bfloat16 where the processor has it.

    It sees bytes, as every runtime of this project does: augmented pixels are rounded.

    Args:
        content: of a classifier's ONNX file, floating point or quantised.
    """

    def __init__(self, content: bytes) -> None:
        self._content = _opened(content)
        self._options = LoadOptions(torch.get_num_threads(), _narrowest())
        self._graphs: dict[int, Graph] = {}

    def __deepcopy__(self, _: dict[int, Any]) -> GraphTeacher:
        return self

    def __call__(self, faces: Tensor) -> Opinion:
        """Judge a batch; a new batch size compiles the network for it."""
        count = len(faces)
        if count not in self._graphs:
            shape = (count, 1, FACE_SIZE, FACE_SIZE)
            self._graphs[count] = load_graph(self._content, shape, self._options)
        picture = faces.detach().round().clamp(0, 255).to("cpu", torch.uint8).contiguous().numpy()
        said = self._graphs[count].run(picture)
        logits, features = (
            torch.from_numpy(np.array(said[name])).to(faces.device) for name in (OUTPUT, FEATURES)
        )
        return Opinion(logits, features)


def _opened(content: bytes) -> bytes:
    """A graph that also gives what its last layer with weights reads."""
    model = onnx.load_from_string(content)
    layers = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    model.graph.node.append(onnx.helper.make_node("Flatten", [layers[-1].input[0]], [FEATURES]))
    value = onnx.helper.make_tensor_value_info(FEATURES, onnx.TensorProto.FLOAT, (None, None))
    model.graph.output.append(value)
    opened: bytes = model.SerializeToString()
    return opened


def _narrowest() -> InferencePrecision:
    """Teachers lose nothing in bfloat16: 99.8 % of ``small``'s answers stay the same."""
    if get_backend("openvino").unavailable_reason() is not None:
        return "f32"
    from edge_emotion.backends.openvino_runtime import Runtime

    return "bf16" if "bf16" in Runtime().narrow_precisions else "f32"
