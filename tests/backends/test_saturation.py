"""Sums of bytes come out exact in ONNX Runtime, also where they are added up in 16 bits.

Processors that do that, x86 without VNNI, are not at hand everywhere: QEMU imitates one. To the
shipped ``small`` as it was when its first layer had weights of 8 bits, it gave the very accuracy
that an EPYC with AVX2 alone had been measured to give, 64.14 % instead of 69.18.
"""

from __future__ import annotations

import importlib
import platform
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge_emotion.artifact import shipped_models
from edge_emotion.backends import get_backend
from edge_emotion.data import SYNTHETIC, Split, load_dataset
from tests.backends.classifiers import asset

if reason := get_backend("onnxruntime").unavailable_reason():
    pytest.skip(reason, allow_module_level=True)

SIDE = 8
CHANNELS = 32
WHOLE_SUM = CHANNELS * 9 * 255 * 127
MODELS = [
    artifact.path
    for files in shipped_models().values()
    for artifact in files
    if artifact.manifest.precision == "int8"
]
ROUNDING = {"cpu": 0.03, "tensorrt": 0.1}
"""How far answers may be from floating point's, as a share of the largest: integers round
elsewhere, and more so in the encoding that is not made for ONNX Runtime on a CPU."""
Pictures = npt.NDArray[np.uint8]
Answers = Callable[[Path, Pictures], npt.NDArray[Any]]


@pytest.fixture
def in_16_bits(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """A plain session of ONNX Runtime on a processor without VNNI."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    script = importlib.import_module("without_vnni")
    if shutil.which(script.IMITATED[0]) is None or platform.machine() != "x86_64":
        pytest.skip("needs qemu-x86_64 (apt install qemu-user) on x86-64")
    return partial(script.answers, on=script.IMITATED)


def in_floating_point(model: Path, pictures: Pictures) -> npt.NDArray[Any]:
    """The exact answers."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    answers: npt.NDArray[Any] = session.run(None, {session.get_inputs()[0].name: pictures})[0]
    return answers


def convolution() -> bytes:
    """A quantised 3×3 convolution whose every product is the largest that two bytes have.

    The input is scaled by 1, weights are all 127, and the output's step is a 240th of the sum.
    """
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    helper, numbers = onnx.helper, onnx.numpy_helper.from_array
    constants = {
        "one": np.float32(1),
        "none": np.uint8(0),
        "weights": np.full((CHANNELS, CHANNELS, 3, 3), 127, np.int8),
        "ones": np.ones(CHANNELS, np.float32),
        "nones": np.zeros(CHANNELS, np.int8),
        "step": np.float32(WHOLE_SUM / 240),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["picture", "one", "none"], ["x"]),
        helper.make_node("DequantizeLinear", ["weights", "ones", "nones"], ["w"], axis=0),
        helper.make_node("Conv", ["x", "w"], ["sum"]),
        helper.make_node("QuantizeLinear", ["sum", "step", "none"], ["rounded"]),
        helper.make_node("DequantizeLinear", ["rounded", "step", "none"], ["y"]),
    ]
    picture = helper.make_tensor_value_info(
        "picture", onnx.TensorProto.UINT8, (1, CHANNELS, SIDE, SIDE)
    )
    graph = helper.make_graph(
        nodes,
        "convolution",
        [picture],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [numbers(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 21)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()
    return model


@pytest.fixture
def brightest() -> Pictures:
    return np.full((1, CHANNELS, SIDE, SIDE), 255, np.uint8)


def test_the_imitated_processor_overflows(
    in_16_bits: Answers, brightest: Pictures, tmp_path: Path
) -> None:
    """Else the next test could not fail."""
    model = tmp_path / "convolution.onnx"
    model.write_bytes(convolution())
    assert in_16_bits(model, brightest).max() < 0.6 * WHOLE_SUM
    assert in_floating_point(model, brightest) == pytest.approx(WHOLE_SUM, rel=1 / 240)


@pytest.mark.parametrize(
    "model", [*MODELS, asset("cpu"), asset("tensorrt")], ids=lambda path: path.name
)
def test_quantised_models_do_not_overflow(in_16_bits: Answers, model: Path) -> None:
    faces = load_dataset(SYNTHETIC, Split.PUBLIC).images[:6, None]
    exact = in_floating_point(model, faces)
    found = in_16_bits(model, faces)
    rounding = ROUNDING[model.name.split(".")[1]]
    assert np.abs(found - exact).max() < rounding * np.abs(exact).max()
