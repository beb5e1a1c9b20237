"""An IR that takes camera pixels: BGR to gray in the graph, and what model_api wants to know."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_emotion.artifact import InputSpec, Manifest
from edge_emotion.emotions import FACE_SIZE

PIXELS = InputSpec(
    name="pixels",
    shape=(None, 3, FACE_SIZE, FACE_SIZE),
    normalisation="BGR to gray (BT.601, rounded), then (x - 128) / 128, inside the graph",
)
_BLUE_GREEN_RED = (3735, 19235, 9798)
_BITS = 15
"""Weights of BT.601 luma in 2^-15, as ``cv2.cvtColor`` has them for bytes. The sum is in integers,
which no processor narrows to bfloat16: it is OpenCV's gray to the last bit."""


def take_pixels(model: Any, manifest: Manifest) -> None:
    """Put colour conversion before an ``openvino.Model``, and the temperature after it, in place.

    The input becomes uint8 (N, 3, 48, 48), NCHW, blue first; the output calibrated logits.
    ``model_info`` in the IR tells OpenVINO's model_api to resize pictures to it and to apply the
    softmax: https://github.com/open-edge-platform/model_api.

    Args:
        model: of the manifest's file, with one gray input.
        manifest: its labels and temperature are written into the graph.
    """
    from openvino import Layout, PartialShape
    from openvino import opset15 as operators

    gray = model.input(0).get_node()
    pixels = operators.parameter(PartialShape([-1, *PIXELS.shape[1:]]), np.uint8, name=PIXELS.name)
    pixels.set_layout(Layout("NCHW"))
    weights = np.asarray(_BLUE_GREEN_RED, np.int32).reshape(1, 3, 1, 1)
    weighed = operators.multiply(operators.convert(pixels, "i32"), weights)
    luma = operators.reduce_sum(weighed, np.array([1]), keep_dims=True)
    half_up = operators.add(luma, np.asarray(1 << _BITS - 1, np.int32))
    rounded = operators.bitwise_right_shift(half_up, np.asarray(_BITS, np.int32))
    model.add_parameters([pixels])
    gray.output(0).replace(operators.convert(rounded, "u8").output(0))
    model.remove_parameter(gray)
    pixels.output(0).set_names({PIXELS.name})

    result = model.get_results()[0]
    scale = np.asarray(1 / manifest.temperature, np.float32)
    calibrated = operators.multiply(result.input_value(0), scale)
    names = model.output(0).get_names()
    model.output(0).get_tensor().set_names(set())
    result.input(0).replace_source_output(calibrated.output(0))
    calibrated.output(0).set_names(names)
    model.validate_nodes_and_infer_types()

    facts = {
        "model_type": "Classification",
        "labels": " ".join(manifest.labels),
        "resize_type": "standard",
        "multilabel": "False",
        "output_raw_scores": "True",
    }
    for name, value in facts.items():
        model.set_rt_info(value, ["model_info", name])
