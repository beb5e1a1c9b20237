"""Compile an ONNX model for one target."""

from __future__ import annotations

from edge_emotion.export.audit import Compiled
from edge_emotion.export.openvino import Pixels, compile_openvino
from edge_emotion.export.tensorrt import compile_tensorrt
from edge_emotion.export.tensorrt_target import Compatibility

__all__ = ["Compatibility", "Compiled", "Pixels", "compile_openvino", "compile_tensorrt"]
