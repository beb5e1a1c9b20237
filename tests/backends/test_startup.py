"""What a start does not wait for, read from what a fresh process has imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import get_backend

UNNEEDED = ("openvino.tools.ovc", "openvino_telemetry", "onnx", "torch", "cv2", "matplotlib")


@pytest.fixture(autouse=True)
def needs_openvino() -> None:
    if reason := get_backend("openvino").unavailable_reason():
        pytest.skip(reason)


def python(code: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_classifier_starts_with_its_runtime_alone(int8: Artifact, backend: str) -> None:
    if reason := get_backend(backend).unavailable_reason():
        pytest.skip(reason)
    others = {"openvino", "onnxruntime"} - {backend}
    loaded = python(
        "import sys, numpy as np\n"
        "from edge_emotion import EmotionClassifier\n"
        f"with EmotionClassifier.load(sys.argv[1], {backend!r}, 1) as classifier:\n"
        "    classifier.predict(np.zeros((1, 48, 48), np.uint8))\n"
        f"print(sorted({{*{UNNEEDED!r}, *{others!r}}} & set(sys.modules)))",
        int8.path,
    )
    assert loaded == "[]"


def test_a_choice_that_is_kept_imports_only_what_was_chosen(int8: Artifact) -> None:
    if reason := get_backend("onnxruntime").unavailable_reason():
        pytest.skip(reason)
    code = (
        "import sys\n"
        "from edge_emotion import EmotionClassifier\n"
        "with EmotionClassifier.load(sys.argv[1], 'auto', 1) as classifier:\n"
        "    print(classifier.info().backend, {'openvino', 'onnxruntime'} & set(sys.modules))"
    )
    python(code, int8.path)
    chosen = python(code, int8.path).split()[0]
    assert python(code, int8.path) == f"{chosen} {{{chosen!r}}}"


def test_openvino_s_converter_is_there_for_whoever_calls_it(int8: Artifact) -> None:
    """Other code of the same process must not miss what the import left out."""
    told = python(
        "import sys\n"
        "from edge_emotion.backends.openvino_runtime import Runtime\n"
        "Runtime()\n"
        "import openvino\n"
        "assert 'openvino.tools.ovc' not in sys.modules\n"
        "print(openvino.convert_model(sys.argv[1]).inputs[0].get_any_name())",
        int8.path,
    )
    assert told == "faces"


def test_an_openvino_that_was_imported_before_is_left_alone() -> None:
    told = python(
        "import openvino\n"
        "before = getattr(openvino, 'convert_model', None)\n"
        "from edge_emotion.backends.openvino_runtime import Runtime\n"
        "Runtime()\n"
        "print(getattr(openvino, 'convert_model', None) is before)"
    )
    assert told == "True"
