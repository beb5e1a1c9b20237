"""YuNet, a face detector of 75,000 parameters, on the project's own runtimes."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.backends.graph import Graph, load_graph
from edge_emotion.vision.anchors import Anchors, face_box
from edge_emotion.vision.base import FRAMING, Detector, FaceBox, Picture
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down
from edge_emotion.vision.suppress import kept
from edge_emotion.vision.weights import verified_yunet
from edge_emotion.vision.yunet_opencv import OpenCVYuNet

THRESHOLD = 0.7
"""Least score of a face."""
MOST_OVERLAP = 0.3
"""Boxes that share more than this mean one face."""

RUNTIMES = ("onnxruntime", "openvino")
"""The faster first: 0.7 against 1.0 ms for 320×192 pixels, and 0.1 against 0.2 s to load."""

_MULTIPLE = 32
"""Sides of the network's input are multiples of the cells of its coarsest grid."""
_SHAPES = 4
"""Input shapes kept loaded: in practice one for each source of a run."""


def open_yunet(longer_side: int, threads: int | None) -> Detector:
    """YuNet on the first of ``RUNTIMES`` that is installed, else inside OpenCV.

    Args:
        longer_side: pictures are scaled down to this many pixels before detection.
        threads: CPU threads; ``None`` is every core. OpenCV counts for itself.

    Raises:
        DetectorError: the weights are missing or not the pinned ones, or neither a runtime nor a
            recent OpenCV is installed.
    """
    content = verified_yunet()
    for name in RUNTIMES:
        if get_backend(name).unavailable_reason() is None:
            return YuNetDetector(content, longer_side, LoadOptions(threads=threads), name)
    return OpenCVYuNet(content, longer_side, THRESHOLD, MOST_OVERLAP)


class YuNetDetector:
    """Faces with five landmarks each.

    Args:
        content: the network as an ONNX file, verified.
        longer_side: pictures are scaled down to this many pixels before detection.
        options: how to run the network.
        backend: a name of ``backends.graph.GRAPHS``.
    """

    name = "yunet"
    margin = FRAMING
    worth_following = True

    def __init__(
        self, content: bytes, longer_side: int, options: LoadOptions, backend: str
    ) -> None:
        self._content = content
        self._longer_side = longer_side
        self._options = options
        self._backend = backend
        self._networks: OrderedDict[tuple[int, int], _Network] = OrderedDict()

    def detect(self, frame: Picture) -> list[FaceBox]:
        """The faces of a BGR picture, the surest first.

        The first picture of a shape takes some 50 ms more: the network is loaded for it.
        """
        picture, scale = scaled_down(frame, self._longer_side)
        rows = self._network(*picture.shape[:2]).candidates(picture)
        return [face_box(row, scale) for row in rows[kept(rows[:, :4], MOST_OVERLAP)]]

    def _network(self, height: int, width: int) -> _Network:
        """The network for pictures of a shape; of many shapes, the latest are kept."""
        shape = tuple(-(-side // _MULTIPLE) * _MULTIPLE for side in (height, width))
        key = (shape[0], shape[1])
        if key not in self._networks:
            graph = load_graph(self._content, (1, 3, *key), self._options, self._backend)
            self._networks[key] = _Network(graph, *key)
        self._networks.move_to_end(key)
        while len(self._networks) > _SHAPES:
            self._networks.popitem(last=False)[1].close()
        return self._networks[key]


class _Network:
    """YuNet for inputs of one shape."""

    def __init__(self, graph: Graph, height: int, width: int) -> None:
        self._graph = graph
        self._anchors = Anchors(width, height)
        self._input = np.zeros((1, 3, height, width), np.float32)

    def candidates(self, picture: Picture) -> npt.NDArray[np.float32]:
        """Rows as ``Anchors.faces`` gives them; the picture may be smaller than the input."""
        height, width = picture.shape[:2]
        self._input[:, :, height:] = 0
        self._input[:, :, :, width:] = 0
        # Splitting first takes a third of the time of one transposed copy.
        for plane, target in zip(cv2.split(picture), self._input[0], strict=True):
            target[:height, :width] = plane
        return self._anchors.faces(self._graph.run(self._input), THRESHOLD)

    def close(self) -> None:
        """Release the runtime."""
        self._graph.close()
