"""A Triton of a test's own: NVIDIA's server, with a Python backend in place of ONNX Runtime's.

The package nvidia-pytriton brings the server and its Python backend, and no other backend.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.real.broker import eventually, free_port

BACKEND = Path(__file__).with_name("triton_backend") / "model.py"


def find_triton() -> Path:
    """The folder of the server in the package."""
    package = importlib.util.find_spec("pytriton")
    if package is None or package.origin is None:
        pytest.skip("needs nvidia-pytriton")
    return Path(package.origin).parent / "tritonserver"


def write_backends(triton: Path, folder: Path) -> None:
    """Its Python backend for this Python, and ours under the name that repositories ask for."""
    version = "{}.{}".format(*sys.version_info)
    stub = triton / "python_backend_stubs" / version / "triton_python_backend_stub"
    python = folder / "python"
    shutil.copytree(triton / "backends" / "python", python)
    shutil.copy(stub, python)  # a link would leave the folder, which Triton refuses
    (folder / "onnxruntime").mkdir()
    shutil.copy(BACKEND, folder / "onnxruntime")


@contextmanager
def serving(repository: Path, folder: Path) -> Iterator[str]:
    """Serve a repository of models; the address, as ``127.0.0.1:PORT``, once all are loaded."""
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    triton = find_triton()
    backends = folder / "backends"
    write_backends(triton, backends)
    port = free_port()
    log = folder / "triton.log"
    command = [
        triton / "bin" / "tritonserver",
        f"--model-repository={repository}",
        f"--backend-directory={backends}",
        "--http-address=127.0.0.1",
        f"--http-port={port}",
        "--allow-grpc=false",
        "--allow-metrics=false",
    ]
    libraries = triton.parents[1] / "nvidia_pytriton.libs"
    surroundings = os.environ | {
        "LD_LIBRARY_PATH": str(libraries),
        "TRITON_BACKEND_PACKAGES": site.getsitepackages()[0],
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=surroundings)

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{port}/v2/health/ready").is_success
        except httpx.TransportError:
            return False

    try:
        eventually(ready, 120)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
