"""ONNX graphs: structure, both encodings, and agreement with PyTorch in ONNX Runtime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.train

import onnxruntime  # noqa: E402

from edge_emotion.export.onnx import encode, half_precision, to_onnx  # noqa: E402
from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.quantization import quantised_twin  # noqa: E402

Encoded = dict[str, onnx.ModelProto]
FACES = np.random.default_rng(0).integers(0, 256, (32, 1, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def twin() -> torch.fx.GraphModule:
    torch.manual_seed(0)
    twin = quantised_twin(build_network("small"))
    with torch.no_grad():
        twin(torch.from_numpy(FACES))
    return twin.eval()


@pytest.fixture(scope="module")
def encoded(twin: torch.fx.GraphModule) -> Encoded:
    return {encoding: to_onnx(encode(twin, encoding)) for encoding in ("cpu", "tensorrt")}


def run(model: onnx.ModelProto, faces: np.ndarray = FACES) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(["logits"], {"faces": faces})[0]


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize("encoding", ["cpu", "tensorrt"])
def test_encodings_compute_what_the_twin_computes(
    twin: torch.fx.GraphModule, encoded: Encoded, encoding: str
) -> None:
    with torch.no_grad():
        expected = twin(torch.from_numpy(FACES)).numpy()
    found = run(encoded[encoding])
    assert np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)


@pytest.mark.parametrize("encoding", ["cpu", "tensorrt"])
def test_integer_graph_has_dynamic_batch_uint8_input_and_no_batch_norm(
    encoded: Encoded, encoding: str
) -> None:
    model = encoded[encoding]
    assert model.opset_import[0].version >= 18
    assert {entry.domain for entry in model.opset_import} == {""}
    (faces,) = model.graph.input
    assert faces.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert faces.type.tensor_type.shape.dim[0].dim_param
    assert operators(model)["BatchNormalization"] == 0
    assert run(model, FACES[:1]).shape == (1, 7)
    assert run(model, FACES[:5]).shape == (5, 7)


def test_tensorrt_encoding_is_signed_with_zero_point_zero_and_float_bias(encoded: Encoded) -> None:
    model = encoded["tensorrt"]
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            zero_point = constants[node.input[2]]
            assert zero_point.dtype == np.int8
            assert not zero_point.any()


def test_tensorrt_encoding_leaves_residual_branches_to_the_fused_kernel(encoded: Encoded) -> None:
    model = encoded["tensorrt"]
    producer = {name: node.op_type for node in model.graph.node for name in node.output}
    additions = [node for node in model.graph.node if node.op_type == "Add"]
    assert len(additions) == 2
    for node in additions:
        assert sorted(producer[name] for name in node.input) == ["Conv", "DequantizeLinear"]


def test_cpu_encoding_quantises_both_residual_inputs_unsigned(encoded: Encoded) -> None:
    model = encoded["cpu"]
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    producer = {name: node.op_type for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        if node.op_type == "Add":
            assert {producer[name] for name in node.input} == {"DequantizeLinear"}
        if node.op_type == "QuantizeLinear":
            assert constants[node.input[2]].dtype == np.uint8


def test_onnx_runtime_runs_the_cpu_encoding_in_integers(encoded: Encoded, tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    model = encoded["cpu"]
    onnxruntime.InferenceSession(model.SerializeToString(), options)
    kernels = operators(onnx.load(tmp_path / "optimised.onnx"))
    assert kernels["QLinearConv"] == operators(model)["Conv"]
    assert kernels["QLinearAdd"] == operators(model)["Add"]
    assert kernels["QLinearGlobalAveragePool"] == 1
    assert kernels["QGemm"] == 1
    assert not {"Add", "Conv", "Gemm", "GlobalAveragePool", "MatMul"} & kernels.keys()


@pytest.mark.parametrize("encoding", ["cpu", "tensorrt"])
def test_files_tell_nothing_of_the_machine_they_were_made_on(
    encoded: Encoded, encoding: str
) -> None:
    content = encoded[encoding].SerializeToString()
    assert b".py" not in content
    assert str(Path(onnx.__file__).parents[4]).encode() not in content


def test_floating_point_exports_agree_with_pytorch() -> None:
    torch.manual_seed(0)
    network = build_network("small").eval()
    with torch.no_grad():
        expected = network(torch.from_numpy(FACES)).numpy()
    full = to_onnx(network)
    assert operators(full)["BatchNormalization"] == 0
    np.testing.assert_allclose(run(full), expected, atol=1e-4)
    half = to_onnx(half_precision(network))
    types = {tensor.data_type for tensor in half.graph.initializer}
    assert onnx.TensorProto.FLOAT16 in types
    np.testing.assert_allclose(run(half), expected, atol=1e-2)
