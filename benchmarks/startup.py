"""How long until the first face is classified, from the start of the process.

    python benchmarks/startup.py [--repeats 15] [--model small]

Two programs on every CPU backend: four lines of Python that classify one face, and the ``camera``
command on a folder with one 720p picture. Each runs with an empty cache folder (cold: the model is
compiled, and ``auto`` measures the backends) and with one that an earlier run has filled (warm).
All take turns in shuffled order; the kernel's cache of files is warm for all. The Python program is
timed until its first result, the command until it has ended, which is a little more. The result is
``results/startup.json``, with every duration.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic_ns
from typing import Any, Literal

import click
import cv2
import numpy as np

from edge_emotion.backends import get_backend
from edge_emotion.bench.environment import read_environment
from edge_emotion.camera.clip import DemoClip
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "startup.json"
BAR_SECONDS = 1.0
BACKENDS = ("openvino", "onnxruntime", "auto")
PROGRAM = """
import sys, time
import numpy as np
from edge_emotion import EmotionClassifier
with EmotionClassifier.load(sys.argv[1], sys.argv[2]) as classifier:
    classifier.predict(np.zeros((1, 48, 48), np.uint8))
print(time.monotonic_ns())
"""
_ORDER_SEED = 0

Temperature = Literal["cold", "warm"]
TEMPERATURES: tuple[Temperature, ...] = ("cold", "warm")


@dataclass(frozen=True)
class Case:
    """One program on one backend with one state of the cache."""

    program: str
    backend: str
    cache: Temperature


def environment(cache: Path) -> dict[str, str]:
    """That of this process with another cache folder."""
    return os.environ | {"EDGE_EMOTION_CACHE": str(cache)}


def time_python(model: str, backend: str, cache: Path) -> int:
    """Nanoseconds until ``PROGRAM`` has its first result."""
    command = [sys.executable, "-c", PROGRAM, model, backend]
    start = monotonic_ns()  # of the machine, so that two processes can compare it
    run = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=True, env=environment(cache)
    )
    return int(run.stdout) - start


def time_camera(model: str, backend: str, cache: Path, pictures: Path) -> int:
    """Nanoseconds until the ``camera`` command has classified a picture and ended."""
    command = [sys.executable, "-m", "edge_emotion", "camera", "--source", str(pictures)]
    command += ["--model", model, "--backend", backend, "--headless", "--json"]
    start = monotonic_ns()
    run = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=True, env=environment(cache)
    )
    ended = monotonic_ns()
    if json.loads(run.stdout)["faces"] == 0:
        raise click.ClickException("no face was found in the demo's picture")
    return ended - start


def measure(
    programs: dict[str, Callable[[str, Path], int]], backends: list[str], repeats: int, root: Path
) -> dict[Case, list[int]]:
    """Every case ``repeats`` times, in shuffled order each time."""
    pairs = list(product(programs, backends))
    cases = [Case(*pair, cache) for pair in pairs for cache in TEMPERATURES]
    warm = {(program, backend): root / f"{program}-{backend}" for program, backend in pairs}
    for (program, backend), cache in warm.items():
        programs[program](backend, cache)  # fills it
    shuffler = random.Random(_ORDER_SEED)  # noqa: S311 - not for secrets
    durations: dict[Case, list[int]] = {case: [] for case in cases}
    for number in range(repeats):
        click.echo(f"round {number + 1} of {repeats}", err=True)
        for case in shuffler.sample(cases, len(cases)):
            with tempfile.TemporaryDirectory(dir=root) as empty:
                filled = warm[case.program, case.backend]
                cache = filled if case.cache == "warm" else Path(empty)
                durations[case].append(programs[case.program](case.backend, cache))
    return durations


def document(model: str, durations: dict[Case, list[int]]) -> dict[str, Any]:
    """What is published."""
    cases = [
        {
            "program": case.program,
            "backend": case.backend,
            "cache": case.cache,
            "seconds": dict(zip(("min", "p50", "p90", "max"), _summary(nanoseconds), strict=True)),
            "samples": [one / 1e9 for one in nanoseconds],
        }
        for case, nanoseconds in durations.items()
    ]
    slowest = max(_summary(times)[1] for case, times in durations.items() if case.cache == "warm")
    return {
        "schema": "edge-emotion/startup/1",
        "environment": read_environment().model_dump(mode="json"),
        "model": model,
        "bar_seconds": BAR_SECONDS,
        "slowest_warm_p50": slowest,
        "within_bar": slowest < BAR_SECONDS,
        "cases": cases,
    }


def _summary(nanoseconds: list[int]) -> list[float]:
    """Least, median, 90th percentile and most, in seconds."""
    return [float(one) for one in np.percentile(np.asarray(nanoseconds) / 1e9, [0, 50, 90, 100])]


@click.command()
@click.option("--model", default="small", show_default=True, help="Model file or shipped name.")
@click.option("--repeats", type=click.IntRange(min=1), default=15, show_default=True)
def main(model: str, repeats: int) -> None:
    """Time both programs on every backend here, and exit 1 where a warm start takes too long."""
    backends = [
        name
        for name in BACKENDS
        if name == "auto" or get_backend(name).unavailable_reason() is None
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pictures = root / "pictures"
        pictures.mkdir()
        cv2.imwrite(str(pictures / "frame.png"), DemoClip().frame(0))
        programs: dict[str, Callable[[str, Path], int]] = {
            "python": lambda backend, cache: time_python(model, backend, cache),
            "camera": lambda backend, cache: time_camera(model, backend, cache, pictures),
        }
        result = document(model, measure(programs, backends, repeats, root))
    write_json(RESULT, result)
    for case in result["cases"]:
        seconds = case["seconds"]
        click.echo(
            f"{case['program']:<7} {case['backend']:<12} {case['cache']:<5} "
            f"p50 {seconds['p50']:.3f} s   p90 {seconds['p90']:.3f} s   max {seconds['max']:.3f} s"
        )
    if not result["within_bar"]:
        sys.exit(f"a warm start takes more than {BAR_SECONDS:g} s")


if __name__ == "__main__":
    main()
