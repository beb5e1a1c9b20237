"""Which precision to ship on a backend: the fastest that loses no accuracy, if that is certain."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from edge_emotion.bench.frozen import Frozen, RowPrecision
from edge_emotion.bench.ratio import Ratio, time_ratio

TOLERANCE = 0.005
"""Accuracy that is given up for speed without asking: half a point."""

_EXACTNESS: tuple[RowPrecision, ...] = ("fp32", "fp16", "bf16", "int8")

Int8Outcome = Literal["ships", "slower", "no faster", "less accurate", "not measured"]


class Entry(Frozen):
    """A model in one precision."""

    model: str
    precision: RowPrecision
    accuracy: float | None


class Rival(Entry):
    """What was not chosen, and how it compares with what was."""

    time_ratio: Ratio
    """Its time ÷ the time of the chosen one."""


class PrecisionChoice(Frozen):
    """What to ship of one network on one backend in one setting."""

    network: str
    backend: str
    threads: int
    batch: int
    ship: Entry
    rivals: tuple[Rival, ...]
    int8: Int8Outcome
    """What became of INT8, and why it is not shipped where it is not."""


@dataclass(frozen=True)
class Competitor:
    """An entry with the durations of its calls, round by round, in nanoseconds."""

    entry: Entry
    rounds_ns: Sequence[Sequence[int]]

    @property
    def median(self) -> float:
        """Of all its calls."""
        return statistics.median(chain.from_iterable(self.rounds_ns))


def choose(
    network: str, setting: tuple[str, int, int], competitors: Sequence[Competitor]
) -> PrecisionChoice:
    """Let the precisions of one network compete.

    Of those that lose no more than ``TOLERANCE`` of accuracy and are not certainly slower than
    the fastest of them, the most exact is shipped: precision is not given up for nothing.

    Args:
        network: its name.
        setting: backend, threads and batch size.
        competitors: rows of one run in this setting, at least one.
    """
    accurate = _accurate(competitors)
    fastest = min(accurate, key=lambda each: each.median)
    as_fast = [each for each in accurate if each is fastest or not _differ(each, fastest)]
    shipped = min(as_fast, key=lambda each: _EXACTNESS.index(each.entry.precision))
    rivals = [each for each in competitors if each is not shipped]
    backend, threads, batch = setting
    return PrecisionChoice(
        network=network,
        backend=backend,
        threads=threads,
        batch=batch,
        ship=shipped.entry,
        rivals=tuple(
            Rival(
                **each.entry.model_dump(), time_ratio=time_ratio(each.rounds_ns, shipped.rounds_ns)
            )
            for each in rivals
        ),
        int8=_int8_outcome(shipped, rivals),
    )


def _accurate(competitors: Sequence[Competitor]) -> list[Competitor]:
    known = [each.entry.accuracy for each in competitors if each.entry.accuracy is not None]
    floor = max(known, default=0.0) - TOLERANCE
    return [each for each in competitors if not known or (each.entry.accuracy or 0.0) >= floor]


def _differ(one: Competitor, other: Competitor) -> bool:
    return time_ratio(one.rounds_ns, other.rounds_ns).believable


def _int8_outcome(shipped: Competitor, rivals: Sequence[Competitor]) -> Int8Outcome:
    if shipped.entry.precision == "int8":
        return "ships"
    of_int8 = [each for each in rivals if each.entry.precision == "int8"]
    if not of_int8:
        return "not measured"
    best = min(of_int8, key=lambda each: each.median)
    ratio = time_ratio(best.rounds_ns, shipped.rounds_ns)
    if not ratio.believable:
        return "no faster"
    return "slower" if ratio.value > 1 else "less accurate"
