"""Triton's ONNX Runtime backend in Python: runs ``model.onnx`` of a repository as it stands."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(os.environ["TRITON_BACKEND_PACKAGES"])  # Triton's Python looks nowhere else

import onnxruntime
import triton_python_backend_utils as triton


class TritonPythonModel:
    """What Triton makes one of for each model."""

    def initialize(self, args: dict[str, str]) -> None:
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self._session = onnxruntime.InferenceSession(path)
        config = json.loads(args["model_config"])
        self._takes = [tensor["name"] for tensor in config["input"]]
        self._gives = [tensor["name"] for tensor in config["output"]]

    def execute(self, requests: list[Any]) -> list[Any]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        given = {
            name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in self._takes
        }
        found = self._session.run(self._gives, given)
        return triton.InferenceResponse(list(map(triton.Tensor, self._gives, found)))
