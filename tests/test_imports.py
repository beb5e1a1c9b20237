"""What a program may import before it has its first result: the start-up budget, by content.

Every module named here costs between 10 ms and seconds; ``python -X importtime`` tells which.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

RUNTIMES = {"openvino", "onnxruntime", "tensorrt", "tensorrt_rtx"}
WATCHED = RUNTIMES | {
    "IPython", "PIL", "av", "click", "cuda", "cv2", "fastapi", "http.client", "jinja2", "lightning",
    "matplotlib", "nncf", "numpy", "onnx", "onnxscript", "optuna", "paho", "pandas",
    "prometheus_client", "pydantic", "rich", "safetensors", "scipy", "skimage", "sqlalchemy",
    "starlette", "sympy", "tensorboard", "torch", "torchmetrics", "torchvision", "uvicorn",
    "websockets",
}  # fmt: skip
ALWAYS = {"numpy", "pydantic"}

CLASSIFY = (
    "import numpy as np\n"
    "from edge_emotion import EmotionClassifier\n"
    "with EmotionClassifier.load(model, backend) as classifier:\n"
    "    classifier.predict(np.zeros((1, 48, 48), np.uint8))"
)
CAMERA = (
    "from edge_emotion.cli import group\n"
    "arguments = ['camera', '--source', pictures, '--model', model, '--backend', backend]\n"
    "arguments += ['--detector', 'none', '--headless', '--events', events]\n"
    "group(arguments, standalone_mode=False)"
)


def loaded(program: str, **variables: object) -> set[str]:
    """Run a program in an interpreter of its own; the watched modules it has loaded at its end.

    Without those that were there before its first line: cuda-python has every interpreter load a
    part of it (``_cuda_bindings_redirector.pth``).
    """
    lines = ["import sys", "before = set(sys.modules)"]
    lines += [f"{name} = {str(value)!r}" for name, value in variables.items()]
    lines += [program, f"loaded = set({WATCHED!r}) & set(sys.modules) - before"]
    lines += ["print(*(name for name in loaded if sys.modules[name] is not None))"]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


def test_help_needs_the_command_line_alone() -> None:
    program = "from edge_emotion.cli import group\ngroup(['--help'], standalone_mode=False)"
    assert loaded(program) == {"click"}


def test_the_package_itself_needs_nothing() -> None:
    assert loaded("import edge_emotion") == set()


def test_the_public_classes_load_no_runtime() -> None:
    assert loaded("from edge_emotion import EmotionClassifier, FacePipeline") == ALWAYS


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_classifier_loads_its_own_runtime_alone(model: Path, backend: str) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    assert loaded(CLASSIFY, model=model, backend=backend) == ALWAYS | {backend}


def test_the_second_automatic_start_loads_only_what_the_first_has_chosen(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {name for name in ("openvino", "onnxruntime") if importlib.util.find_spec(name)}
    if len(here) < 2:
        pytest.skip("there is no choice: openvino and onnxruntime are not both installed")
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))
    assert loaded(CLASSIFY, model=model, backend="auto") == ALWAYS | here
    assert len(loaded(CLASSIFY, model=model, backend="auto") & RUNTIMES) == 1


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_the_camera_needs_opencv_and_one_runtime(model: Path, tmp_path: Path, backend: str) -> None:
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "frame.png"), np.full((120, 160, 3), 128, np.uint8))
    events = tmp_path / "events.jsonl"
    found = loaded(CAMERA, model=model, backend=backend, pictures=pictures, events=events)
    assert events.read_text().count("\n") == 1
    assert found == ALWAYS | {"click", "cv2", backend}
