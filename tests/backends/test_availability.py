from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY, get_backend
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.backends.installed import import_runtime, missing
from edge_emotion.backends.onnxruntime import TensorRTProviderBackend
from edge_emotion.errors import BackendUnavailable, UsageError

RUNTIMES = ("openvino", "onnxruntime", "torch", "tensorrt", "tensorrt_rtx", "cuda.bindings", "cv2")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_making_every_backend_imports_no_runtime() -> None:
    run = python(
        "import sys; from edge_emotion.backends import REGISTRY, get_backend\n"
        "for name in REGISTRY: assert get_backend(name).name == name\n"
        "for name in ('openvino', 'onnxruntime', 'torch', 'tensorrt', 'tensorrt-rtx'):\n"
        "    get_backend(name).unavailable_reason()\n"
        f"print(sorted(set({RUNTIMES}) & set(sys.modules)))"
    )
    assert run.stdout.strip() == "[]", run.stderr


@pytest.mark.parametrize(
    ("name", "module", "command"),
    [
        ("openvino", "openvino", "pip install 'edge-emotion[cpu]'"),
        ("onnxruntime", "onnxruntime", "pip install 'edge-emotion[cpu]'"),
        ("onnxruntime-cuda", "onnxruntime", "pip install onnxruntime-gpu"),
        ("tensorrt-rtx", "tensorrt_rtx", "pip install 'edge-emotion[tensorrt-rtx]'"),
        ("torch", "torch", "pip install 'edge-emotion[train]'"),
    ],
)
def test_a_missing_runtime_is_a_reason_with_its_install_command(
    name: str, module: str, command: str
) -> None:
    """The interpreter is told that the module is not there, as on a machine without it."""
    run = python(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from edge_emotion.backends import get_backend\n"
        f"print(get_backend({name!r}).unavailable_reason())"
    )
    assert run.stdout.strip() == f"{module} is not installed: {command}", run.stderr


def test_a_missing_module_of_a_missing_package() -> None:
    assert missing("no_such_package.module", "x") == "no_such_package.module is not installed: x"
    assert missing("json", "x") is None
    with pytest.raises(BackendUnavailable, match=r"cannot be imported.*; pip install it"):
        import_runtime("no_such_package", "pip install it")


@pytest.mark.skipif(compute_capability() is not None, reason="this machine has an NVIDIA GPU")
@pytest.mark.parametrize(
    "name", ["tensorrt", "tensorrt-rtx", "onnxruntime-cuda", "onnxruntime-tensorrt"]
)
def test_without_a_gpu_its_backends_refuse_with_a_reason(name: str, int8: Artifact) -> None:
    backend = get_backend(name)
    reason = backend.unavailable_reason()
    assert reason is not None
    with pytest.raises(BackendUnavailable, match=f"backend {name} cannot run here: "):
        backend.load(int8)


def test_the_provider_gets_a_folder_for_its_engines(
    int8: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime creates the last folder of a path only, and a new machine has no cache yet."""
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "new" / "cache"))
    options = TensorRTProviderBackend().provider_options(int8.manifest)
    assert Path(options["trt_engine_cache_path"]).is_dir()
    assert options["trt_int8_enable"] == "True"


def test_an_unknown_backend_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=", ".join(REGISTRY)):
        get_backend("tflite")
