"""What no line of the product does, and that every promise names a test that is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for part in ("edge_emotion", "export", "benchmarks")
    for path in (ROOT / part).rglob("*.py")
)
UNPICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUNNING = {"eval", "exec", "compile", "__import__"}
LOADING = {"torch.load", "torch.jit.load", "np.load", "numpy.load", "yaml.load"}


def offences(source: str) -> Iterator[str]:
    """What a module does that it must not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots = [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots = [(node.module or "").partition(".")[0]]
        else:
            roots = []
        yield from (f"imports {root}" for root in roots if root in UNPICKLING)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if called in RUNNING:
                yield f"calls {called}"
            if called in LOADING and options.get("allow_pickle") != "False":
                yield f"calls {called} without allow_pickle=False"
            if options.get("shell", "False") != "False":
                yield f"calls {called} through a shell"
            if called in ("os.system", "os.popen"):
                yield f"calls {called}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpickles_or_runs_what_it_reads(path: Path) -> None:
    assert list(offences(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "torch.load(path)",
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=True)",
        "np.load(path)",
        "subprocess.run('ls', shell=True)",
        "os.system('ls')",
    ],
)
def test_the_check_sees(line: str) -> None:
    assert list(offences(line))


def test_every_promise_is_held_by_a_test_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    for name in named:
        assert "def test_" in (ROOT / name).read_text(encoding="utf-8"), name
