"""A small ONNX graph before a model: pictures of faces in colour, of any size, to gray 48×48."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge_emotion.emotions import FACE_SIZE
from edge_emotion.jsonio import write_bytes

PICTURES = "pictures"
_OPSET = 18
_IR = 9
_BLUE_GREEN_RED = (0.114, 0.587, 0.299)
"""Weights of BT.601 luma."""


def write_crop_graph(path: Path, output: str) -> None:
    """Write the graph.

    It takes ``pictures``, uint8 (N, height, width, 3), blue first, each a face as a detector's box
    cuts it out, and gives uint8 (N, 1, 48, 48): gray, averaged over areas where it shrinks.

    Args:
        path: the ONNX file.
        output: name of what it gives.
    """
    constants = {
        "weights": np.asarray(_BLUE_GREEN_RED, np.float32),
        "colours": np.array([3], np.int64),
        "channel": np.array([1], np.int64),
        "size": np.array([FACE_SIZE, FACE_SIZE], np.int64),
        "black": np.float32(0),
        "white": np.float32(255),
    }
    nodes = [
        helper.make_node("Cast", [PICTURES], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "weights"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "colours"], ["luma"], keepdims=0),
        helper.make_node("Unsqueeze", ["luma", "channel"], ["gray"]),
        helper.make_node(
            "Resize",
            ["gray", "", "", "size"],
            ["resized"],
            mode="linear",
            antialias=1,
            axes=[2, 3],
        ),
        helper.make_node("Round", ["resized"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "black", "white"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], [output], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "faces of pictures",
        [
            helper.make_tensor_value_info(
                PICTURES, TensorProto.UINT8, ["batch", "height", "width", 3]
            )
        ],
        [
            helper.make_tensor_value_info(
                output, TensorProto.UINT8, ["batch", 1, FACE_SIZE, FACE_SIZE]
            )
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
    )
    onnx.checker.check_model(model, full_check=True)
    write_bytes(path, model.SerializeToString())
