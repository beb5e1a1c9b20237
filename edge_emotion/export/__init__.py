"""Checkpoint → ONNX → OpenVINO IR and TensorRT engine, each step behind a check."""
