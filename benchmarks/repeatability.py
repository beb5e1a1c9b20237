"""Does ``compare`` cry wolf, and does it miss one? The same build against itself, and made slower.

    python benchmarks/repeatability.py [--model small] [--repetitions 20] [--seconds 1]

Each repetition benchmarks the model three times, one after the other: twice as it is, and once with
every call made to last a tenth longer. ``compare`` with its default limits must find no regression
between the first two, and one in every row between the first and the third. Where it says that the
machine left a row open, the repetition is measured again, as it asks for, at most ``AGAIN`` times.
What it said goes to ``results/repeatability.json``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Any
from unittest.mock import patch

import click

from edge_emotion.artifact import resolve_model
from edge_emotion.backends import Faces, Logits, Session
from edge_emotion.bench.compare import Comparison, Limits, Run, compare
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.plan import Variant, plan
from edge_emotion.bench.run import run_benchmark
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "repeatability.json"
BACKENDS = ("openvino", "onnxruntime")
LIMITS = Limits(latency_increase=0.05, accuracy_drop=0.002)
SLOWDOWN = 0.1
AGAIN = 5


@contextmanager
def slowed() -> Iterator[None]:
    """Let every inference last a tenth longer, busy, as a slower build would be."""
    infer = Session.infer

    def slow(session: Session, faces: Faces) -> Logits:
        start = perf_counter_ns()
        logits = infer(session, faces)
        now = perf_counter_ns()
        end = now + round(SLOWDOWN * (now - start))
        while perf_counter_ns() < end:
            pass
        return logits

    with patch.object(Session, "infer", slow):
        yield


def benchmark(variants: list[Variant], seconds: float) -> Run:
    """One run."""
    done = run_benchmark(variants, None, seconds, lambda _: None)
    return Run(done.report, done.samples)


def repetition(variants: list[Variant], seconds: float) -> tuple[Comparison, Comparison]:
    """The same build twice, and it against its slower self."""
    first, second = benchmark(variants, seconds), benchmark(variants, seconds)
    with slowed():
        third = benchmark(variants, seconds)
    return compare(first, second, LIMITS), compare(first, third, LIMITS)


def described(comparison: Comparison) -> list[dict[str, Any]]:
    """What was said of each row."""
    return [
        {
            "backend": row.backend,
            "time_ratio": row.time_ratio,
            "ci95": row.time_ratio_ci95,
            "failures": list(row.failures),
        }
        for row in comparison.rows
    ]


@click.command()
@click.option("--model", default="small", show_default=True, help="Model file or shipped name.")
@click.option("--repetitions", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0.1), default=1.0, show_default=True)
def main(model: str, repetitions: int, seconds: float) -> None:
    """Repeat, and exit 1 where a comparison was wrong."""
    variants = plan([resolve_model(model)], BACKENDS, (1,), (1,))
    same, slower, left_open = [], [], 0
    for number in range(repetitions):
        for _ in range(1 + AGAIN):
            pair = repetition(variants, seconds)
            if not any(row.undecided(LIMITS) for each in pair for row in each.rows):
                break
            left_open += 1
        same.append(pair[0])
        slower.append(pair[1])
        click.echo(f"{number + 1}: {described(same[-1])} {described(slower[-1])}", err=True)
    quiet = sum(not each.failed for each in same)
    caught = sum(len(each.failed) == len(each.rows) for each in slower)
    document = {
        "schema": "edge-emotion/repeatability/1",
        "environment": read_environment().model_dump(mode="json"),
        "slowdown": SLOWDOWN,
        "repetitions": repetitions,
        "left_open": left_open,
        "no_regression_in_the_same_build": quiet,
        "slowdown_caught_in_every_row": caught,
        "same": [described(each) for each in same],
        "slower": [described(each) for each in slower],
    }
    write_json(RESULT, document)
    click.echo(f"left open by the machine, and measured again: {left_open}")
    click.echo(f"same build: no regression in {quiet} of {repetitions}")
    click.echo(f"{SLOWDOWN:.0%} slower: caught in {caught} of {repetitions}")
    if (quiet, caught) != (repetitions, repetitions):
        sys.exit("a comparison was wrong")


if __name__ == "__main__":
    main()
