"""The house rules, read from the imports themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "edge_emotion"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("camera", "bench", "training"),
    ("inference", "export", "releases"),
    ("evaluation", "vision"),
    ("backends",),
    ("data", "models"),
    ("artifact",),
    ("store",),
    ("jsonio", "figures", "plots", "vitals"),
    ("closing", "cpuinfo", "emotions", "errors"),
)
"""Top to bottom: a layer imports only those below it; parts of one layer do not know each other."""

HEIGHT = {part: level for level, parts in enumerate(LAYERS) for part in parts}

# The workstation's parts; everything else runs on a device that has no torch.
WITH_TORCH = (
    "models/",
    "training/",
    "export/crops.py",
    "export/onnx.py",
    "export/publish.py",
    "export/serving.py",
    "backends/torch.py",
)

RUNTIME = (
    "edge_emotion.backends",
    "edge_emotion.bench",
    "edge_emotion.camera",
    "edge_emotion.data",
    "edge_emotion.evaluation",
    "edge_emotion.export.compile",
    "edge_emotion.inference",
    "edge_emotion.vision",
)

HEAVY = ("torch", "cv2", "onnxruntime", "openvino", "matplotlib", "onnx", "tensorrt")


MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def part_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_layers_below_its_own(module: Path) -> None:
    own = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own not in HEIGHT:
        assert own in ("__init__", "__main__"), f"{own} has no place in the house"
        return
    for name in imported(module):
        other = part_of(name) if name.startswith("edge_emotion") else ""
        if other and other != own:
            assert HEIGHT[other] > HEIGHT[own], f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_stays_on_the_workstation(module: Path) -> None:
    place = str(module.relative_to(PACKAGE))
    roots = {name.partition(".")[0] for name in imported(module)}
    if not place.startswith(WITH_TORCH):
        assert not roots & {"torch", "torchvision", "lightning", "torchmetrics", "onnx"}


@pytest.mark.parametrize("module", RUNTIME)
def test_runtime_imports_without_torch(module: str) -> None:
    block = "import sys; sys.modules.update(torch=None, onnx=None, lightning=None); "
    subprocess.run([sys.executable, "-c", f"{block}import {module}"], check=True)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from edge_emotion.cli import group\n"
        "group(['--help'], standalone_mode=False)\n"
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.PIPE)
