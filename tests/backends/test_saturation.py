"""Sums of bytes come out exact, also on processors that add them up in 16 bits.

Such a processor, x86 without VNNI, is where this can fail. OpenVINO overflows there too on such a
convolution, and has no setting against it; with the shipped models it does not, as
``test_shipped.py`` sees: their first layer, whose weights and pixels are the largest, has one input
channel, and OpenVINO adds up pairs of channels.
"""

from __future__ import annotations

import numpy as np
import pytest

from edge_emotion.backends import get_backend
from edge_emotion.backends.graph import load_graph
from tests.backends.classifiers import runs_in

SIDE = 8
CHANNELS = 32


def convolution() -> bytes:
    """A quantised 3×3 convolution whose every product is the largest that two bytes have.

    The input is scaled by 1, weights are all 127, and the output's step is a 240th of a whole
    sum of ``CHANNELS`` × 9 products.
    """
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    helper, numbers = onnx.helper, onnx.numpy_helper.from_array
    full = CHANNELS * 9 * 255 * 127
    constants = {
        "one": np.float32(1),
        "none": np.uint8(0),
        "weights": np.full((CHANNELS, CHANNELS, 3, 3), 127, np.int8),
        "ones": np.ones(CHANNELS, np.float32),
        "nones": np.zeros(CHANNELS, np.int8),
        "step": np.float32(full / 240),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["picture", "one", "none"], ["x"]),
        helper.make_node("DequantizeLinear", ["weights", "ones", "nones"], ["w"], axis=0),
        helper.make_node("Conv", ["x", "w"], ["sum"]),
        helper.make_node("QuantizeLinear", ["sum", "step", "none"], ["rounded"]),
        helper.make_node("DequantizeLinear", ["rounded", "step", "none"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolution",
        [
            helper.make_tensor_value_info(
                "picture", onnx.TensorProto.UINT8, (1, CHANNELS, SIDE, SIDE)
            )
        ],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [numbers(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 21)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    return model


def test_the_largest_products_add_up_in_onnx_runtime() -> None:
    if reason := get_backend("onnxruntime").unavailable_reason():
        pytest.skip(reason)
    picture = np.full((1, CHANNELS, SIDE, SIDE), 255, np.uint8)
    with load_graph(convolution(), picture.shape, backend="onnxruntime") as graph:
        (sums,) = graph.run(picture).values()
        ran = {layer.precision for layer in graph.layers() if layer.computes}
    assert runs_in("onnxruntime") in ran
    np.testing.assert_allclose(sums, CHANNELS * 9 * 255 * 127, rtol=1 / 240)
