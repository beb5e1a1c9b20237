"""The engine inspector's JSON, in the forms that NVIDIA documents for TensorRT 10 and 11."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_emotion.backends.layers import Layer
from edge_emotion.backends.tensorrt_layers import parse_layers


def entry(kind: str, name: str, reads: list[str], writes: list[str]) -> dict[str, Any]:
    tensors = [
        [{"Name": "t", "Format/Datatype": text} for text in side] for side in (reads, writes)
    ]
    return {"Name": name, "LayerType": kind, "Inputs": tensors[0], "Outputs": tensors[1]}


def parsed(*entries: dict[str, Any]) -> list[tuple[str, str]]:
    layers = parse_layers(json.dumps({"Layers": entries, "Bindings": ["faces", "logits"]}))
    return [(layer.precision, layer.role) for layer in layers]


WIDE = "Thirty-two wide channel vectorized row major Int8 format"


@pytest.mark.parametrize(
    ("kind", "name", "reads", "writes", "precision", "role"),
    [
        ("CaskConvolution", "stem + relu", [WIDE], [WIDE], "int8", "compute"),
        ("CaskConvolution", "stem + add", ["Int8", "Float"], ["Int8"], "int8", "compute"),
        ("CaskConvolution", "stem", ["Channel major FP16 format"], ["Half"], "f16", "compute"),
        ("correlation", "conv2d_myl0_2", ["Int8", "Int8", "Float"], ["Float"], "int8", "compute"),
        ("fully_connected", "linear", ["Int8", "Int8"], ["Float"], "int8", "compute"),
        ("gemm", "node_linear", ["Int8", "Int8"], ["Float"], "int8", "compute"),
        ("CaskPooling", "pool", [WIDE], [WIDE], "int8", "compute"),
        ("Reduce", "mean", ["Row major linear FP32 format"], ["Float"], "f32", "compute"),
        ("Reformat", "CopyNode", ["Row major linear UInt8 format"], [WIDE], "int8", "convert"),
        ("Reformat", "CopyNode", ["Int8"], ["Float"], "int8", "convert"),
        ("kgen", "__myl_MulAddReluRounCast", ["Float", "Float"], ["Int8"], "f32", "convert"),
        ("kgen", "__myl_AddRelu", ["Float", "Half"], ["Float"], "f32", "compute"),
        ("kgen", "__myl_CastMulMeanMul", ["Int8", "Float"], ["Int8"], "f32", "compute"),
        ("kgen", "__myl_Cast", ["BFloat16", "Int64"], ["Half"], "bf16", "convert"),
        ("Shuffle", "reshape", ["Float"], ["Float"], "f32", "move"),
        ("NoOp", "nothing", [], [], "unknown", "move"),
    ],
)  # fmt: skip
def test_every_layer_is_listed(
    kind: str, name: str, reads: list[str], writes: list[str], precision: str, role: str
) -> None:
    assert parsed(entry(kind, name, reads, writes)) == [(precision, role)]


def test_tensorrt_11_writes_format_and_type_apart() -> None:
    tensor = {"Name": "t", "Format": "Row major linear FP32 format (kLINEAR)", "DataType": "Int8"}
    document = json.dumps(
        {
            "Layers": [
                {
                    "Name": "c",
                    "LayerType": "CaskConvolution",
                    "Inputs": [tensor],
                    "Outputs": [tensor],
                }
            ],
            "I/O Tensors": [{"Name": "faces", "DataType": "UInt8"}],
        }
    )
    assert parse_layers(document) == (Layer("c", "CaskConvolution", "int8", "compute"),)


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "null", '{"Layers": null}', '{"Layers": ["names alone"]}']
)
def test_what_tells_no_types_lists_no_layers(document: str) -> None:
    assert parse_layers(document) == ()
