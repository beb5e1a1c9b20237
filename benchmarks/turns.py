"""Take turns: the harness beside a runtime's own way of timing the same file."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import Any

import click

from edge_emotion.bench.ratio import time_ratio
from edge_emotion.bench.timing import Lane, measure

BAR = 0.05
"""How far the harness may be from the runtime's own program."""
_ORDER_SEED = 0

Measured = list[int]
"""Durations of the calls of one turn, in nanoseconds; or, where that is all, their median."""


def take_turns(turns: dict[str, Callable[[], Measured]], rounds: int) -> dict[str, list[Measured]]:
    """Every turn once a round, in shuffled order."""
    shuffler = random.Random(_ORDER_SEED)  # noqa: S311 - not for secrets
    measured: dict[str, list[Measured]] = {name: [] for name in turns}
    for number in range(rounds):
        click.echo(f"round {number + 1} of {rounds}", err=True)
        for name in shuffler.sample(sorted(turns), len(turns)):
            measured[name].append(turns[name]())
    return measured


def harness_turn(lane: Lane, seconds: float) -> Measured:
    """The harness's own loop over one row."""
    lane.rounds_ns.clear()
    measure([lane], seconds)
    return [sample for timed in lane.rounds_ns for sample in timed]


def compared(measured: dict[str, list[Measured]], reference: str) -> dict[str, Any]:
    """What is published: medians, and ratios to the program that the harness is held against."""
    ratios = {name: time_ratio(turns, measured[reference]) for name, turns in measured.items()}
    return {
        "within_bar": abs(ratios["harness"].value - 1) <= BAR,
        "p50_us": {
            name: statistics.median(statistics.median(turn) for turn in turns) / 1e3
            for name, turns in measured.items()
        },
        f"ratio_to_{reference}": {
            name: ratio.model_dump(mode="json") for name, ratio in ratios.items()
        },
        "p50_us_of_turns": {
            name: [statistics.median(turn) / 1e3 for turn in turns]
            for name, turns in measured.items()
        },
    }


def print_batches(batches: dict[str, dict[str, Any]], reference: str) -> bool:
    """Print a table for every batch size; whether the harness is within the bar in all of them."""
    for batch, each in batches.items():
        click.echo(f"batch {batch}")
        for name, p50 in each["p50_us"].items():
            ratio = each[f"ratio_to_{reference}"][name]
            low, high = ratio["ci95"]
            click.echo(
                f"{name:<14} p50 {p50:7.1f} µs   {ratio['value']:.3f} ({low:.3f} to {high:.3f})"
            )
    return all(each["within_bar"] for each in batches.values())
