"""Valid ONNX models that this project may not run, made with the onnx package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_emotion.backends.onnxfile import graph_ports, read_onnx
from edge_emotion.errors import ArtifactError
from tests.backends.classifiers import asset, unverified

onnx = pytest.importorskip("onnx", reason="needs the onnx package to write models")

from tests.backends.graphs import build_classifier  # noqa: E402 - it imports onnx


def refusal_of(tmp_path: Path, change: Callable[..., None]) -> str:
    model = onnx.load(asset("cpu"))
    change(model)
    with pytest.raises(ArtifactError) as refusal:
        read_onnx(unverified(tmp_path / "m.onnx", model.SerializeToString()))
    return str(refusal.value)


def test_weights_in_another_file(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        onnx.external_data_helper.convert_model_to_external_data(model, size_threshold=0)
        weight = model.graph.initializer[0]
        weight.data_location = onnx.TensorProto.EXTERNAL

    assert "in another file" in refusal_of(tmp_path, change)


def test_weights_in_another_file_inside_a_constant(tmp_path: Path) -> None:
    tensor = onnx.TensorProto(name="secret", dims=[1], data_type=1)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    node = onnx.helper.make_node("Constant", [], ["c"], value=tensor)
    refusal = refusal_of(tmp_path, lambda model: model.graph.node.append(node))
    assert "'secret' lies in another file" in refusal


def test_an_operator_outside_the_standard(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node[3].domain = "com.example"

    assert "'com.example'" in refusal_of(tmp_path, change)


def test_functions_of_its_own(tmp_path: Path) -> None:
    function = onnx.FunctionProto(name="f", domain="com.example")
    refusal = refusal_of(tmp_path, lambda model: model.functions.append(function))
    assert "functions of its own" in refusal


def test_control_flow(tmp_path: Path) -> None:
    body = onnx.helper.make_graph([], "body", [], [])
    node = onnx.helper.make_node("If", ["c"], ["d"], then_branch=body, else_branch=body)
    refusal = refusal_of(tmp_path, lambda model: model.graph.node.append(node))
    assert "operator If carries a graph" in refusal


def test_a_second_graph_that_a_runtime_would_merge_into_the_first(tmp_path: Path) -> None:
    """Two files in a row are one message of protobuf, in which the graphs are merged."""
    hidden = onnx.ModelProto()
    weight = hidden.graph.initializer.add(name="secret", data_type=1, dims=[1])
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="/etc/hostname")
    content = hidden.SerializeToString() + asset("cpu").read_bytes()
    assert onnx.load_from_string(content).graph.initializer[0].name == "secret"
    with pytest.raises(ArtifactError, match="field 7 occurs 2 times"):
        read_onnx(unverified(tmp_path / "m.onnx", content))


def test_a_field_number_that_a_runtime_would_cut_short(tmp_path: Path) -> None:
    """Field 7, the graph, for a parser that drops all bits above the 32nd."""
    disguised = b"\xba\x80\x80\x80\x10" + b"\x00"
    with pytest.raises(ArtifactError, match="more than 29 bits"):
        read_onnx(unverified(tmp_path / "m.onnx", asset("cpu").read_bytes() + disguised))


def test_no_graph(tmp_path: Path) -> None:
    assert "no graph" in refusal_of(tmp_path, lambda model: model.ClearField("graph"))


def test_another_input_name(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input[0].name = "images"

    assert "its inputs are ['images'], not ['faces']" in refusal_of(tmp_path, change)


def test_a_second_output(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.output.add().CopyFrom(model.graph.output[0])

    assert "its outputs are" in refusal_of(tmp_path, change)


def test_a_float_input(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = 1

    assert "'faces' is not uint8" in refusal_of(tmp_path, change)


def test_another_picture_size(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        shape = model.graph.input[0].type.tensor_type.shape
        shape.dim[2].dim_value = 64

    assert "(N, 1, 64, 48), not (N, 1, 48, 48)" in refusal_of(tmp_path, change)


def test_a_fixed_batch(tmp_path: Path) -> None:
    def change(model: onnx.ModelProto) -> None:
        shape = model.graph.output[0].type.tensor_type.shape
        shape.dim[0].dim_value = 1

    assert "(1, 7), not (N, 7)" in refusal_of(tmp_path, change)


def test_the_committed_classifiers_are_what_the_builder_makes() -> None:
    for encoding in ("none", "cpu", "tensorrt"):
        built = build_classifier(encoding)  # type: ignore[arg-type]
        onnx.checker.check_model(built, full_check=True)
        committed = onnx.load(asset(encoding))  # type: ignore[arg-type]
        assert committed.graph == built.graph


def bare_refusal_of(change: Callable[..., None]) -> str:
    model = onnx.load(asset("cpu"))
    change(model)
    with pytest.raises(ArtifactError) as refusal:
        graph_ports(model.SerializeToString(), "the graph")
    return str(refusal.value)


def test_a_bare_graph_with_weights_in_another_file() -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL

    assert "in another file" in bare_refusal_of(change)


def test_a_bare_graph_with_two_inputs() -> None:
    def change(model: onnx.ModelProto) -> None:
        model.graph.input.add().CopyFrom(model.graph.input[0])

    assert "2 inputs, not one" in bare_refusal_of(change)


def test_a_bare_graph_of_other_types() -> None:
    def integers_in(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.INT64

    def integers_out(model: onnx.ModelProto) -> None:
        model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT64

    assert "'faces' is neither float32 nor uint8" in bare_refusal_of(integers_in)
    assert "'logits' is not float32" in bare_refusal_of(integers_out)
