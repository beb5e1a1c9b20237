"""An output whose package is not installed says which, in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = (
    "import sys; sys.modules[sys.argv.pop(1)] = None; sys.argv[0] = 'edge-emotion'\n"
    "from edge_emotion.cli import main; main()"
)


@pytest.mark.parametrize(
    ("package", "option", "said"),
    [
        ("paho", ("--mqtt", "mqtt://127.0.0.1:9"), "paho-mqtt is not installed; pip install"),
        ("fastapi", ("--serve", "0"), "fastapi is not installed; pip install"),
        ("websockets", ("--serve", "0"), "websockets is not installed; pip install"),
        ("imagesize", ("--serve", "0"), "imagesize is not installed; pip install"),
    ],
)
def test_a_missing_package_is_named(
    model: Path, clip: Path, package: str, option: tuple[str, str], said: str
) -> None:
    if option[0] == "--serve":
        pytest.importorskip("fastapi", reason="the serve extra is not installed")
    done = subprocess.run(
        [
            *(sys.executable, "-c", WITHOUT, package, "camera", "--source", clip),
            *("--model", model, "--backend", "onnxruntime", "--headless", *option),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert said in line
