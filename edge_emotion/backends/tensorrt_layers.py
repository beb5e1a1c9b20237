"""What TensorRT's engine inspector tells of the layers that an engine executes.

Written to NVIDIA's description of its JSON for TensorRT 10 ("Format/Datatype") and TensorRT 11
("Format" and "DataType" apart):
https://docs.nvidia.com/deeplearning/tensorrt/11.3.0/api/migration/tensorrt-10x-to-11x-IEngineInspector.html
"""

from __future__ import annotations

import json
from typing import Any

from edge_emotion.backends.layers import Layer, Role

_TYPE_KEYS = ("DataType", "Datatype", "Format/Datatype", "Format")
_TYPES = {
    "int8": ("int8",),
    "bf16": ("bf16", "bfloat16"),
    "f16": ("fp16", "half", "float16"),
    "f32": ("fp32", "float", "float32"),
}
"""Plain name → how the inspector writes it; an earlier line wins, as "bfloat16" holds "float"."""

_WEIGHTED = (
    "conv",
    "correlation",
    "fullyconnected",
    "gemm",
    "matmul",
    "matrixmultiply",
)
"""Parts of the inspector's words for layers with weights, underscores left out."""
_REDUCING = ("pool", "reduce", "mean")
_CONVERTING = ("reformat", "cast", "quantize")
_FUSED = "kgen"
"""A kernel that TensorRT generated for a chain of element-wise steps."""


def inspected_layers(engine: Any, runtime: Any) -> tuple[Layer, ...]:
    """Every layer that an engine executes, in order, reformats included.

    Args:
        engine: an ``ICudaEngine`` that was built with detailed profiling verbosity.
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.

    Returns:
        Nothing, where the inspector tells no types or writes what is not JSON.
    """
    inspector = engine.create_engine_inspector()
    return parse_layers(inspector.get_engine_information(runtime.LayerInformationFormat.JSON))


def parse_layers(document: str) -> tuple[Layer, ...]:
    """The layers in an inspector's JSON.

    A layer with weights computes in the type of its first input, the activations. Any other one
    computes in the widest type that it reads. A fused element-wise kernel that writes another
    type than it computes in only converts: it is the end of the layer before it.
    """
    try:
        entries = json.loads(document)["Layers"]
        return tuple(_layer(entry) for entry in entries if isinstance(entry, dict))
    except (ValueError, KeyError, TypeError):
        return ()


def _layer(entry: dict[str, Any]) -> Layer:
    kind = str(entry.get("LayerType", "unknown"))
    name = str(entry.get("Name", kind))
    reads, writes = (_types(entry.get(key, [])) for key in ("Inputs", "Outputs"))
    word = name.lower() if kind == _FUSED else kind.lower().replace("_", "")
    if any(part in word for part in _WEIGHTED) and kind != _FUSED:
        return Layer(name, kind, reads[0] if reads else "unknown", "compute")
    precision = next((plain for plain in reversed(_TYPES) if plain in reads), "unknown")
    return Layer(name, kind, precision, _role(kind, word, precision, writes))


def _role(kind: str, word: str, precision: str, writes: list[str]) -> Role:
    if any(part in word for part in _REDUCING):
        return "compute"
    if kind == _FUSED:
        return "compute" if precision in writes else "convert"
    return "convert" if any(part in word for part in _CONVERTING) else "move"


def _types(tensors: list[dict[str, Any]]) -> list[str]:
    """The plain types of an entry's tensors; those that hold shapes and conditions are left out."""
    found = []
    for tensor in tensors:
        text = next((str(tensor[key]) for key in _TYPE_KEYS if key in tensor), "").lower()
        plain = next((n for n, words in _TYPES.items() if any(w in text for w in words)), None)
        if plain:
            found.append(plain)
    return found
