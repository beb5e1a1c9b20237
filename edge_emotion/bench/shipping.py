"""In words: which precision to ship on each backend, and where INT8 is not worth it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge_emotion.bench.contest import PrecisionChoice, Rival
from edge_emotion.bench.naming import backend_name, points, precision_name, setting_name


def shipping_lines(choices: Sequence[PrecisionChoice], batch: int) -> Iterator[str]:
    """A sentence for every choice at one batch size."""
    for choice in choices:
        if choice.batch == batch:
            rivals = "; ".join(_compared(rival, choice) for rival in choice.rivals)
            yield (
                f"{backend_name(choice.backend)}, {choice.network}, {setting_name(choice)}: ship "
                f"{precision_name(choice.ship.precision)}, {rivals}."
            )


def int8_warnings(choices: Sequence[PrecisionChoice]) -> Iterator[str]:
    """A sentence wherever INT8 was measured and is not what should be shipped."""
    for choice in choices:
        if choice.int8 not in ("ships", "not measured"):
            winner = precision_name(choice.ship.precision)
            yield (
                f"INT8 {_LOSSES[choice.int8]} {winner} on {backend_name(choice.backend)} "
                f"({choice.network}, {setting_name(choice)}): ship {winner} there."
            )


_LOSSES = {
    "slower": "is slower than",
    "no faster": "is not measurably faster than",
    "less accurate": "is faster, but less accurate by more than half a point, than",
}


def _compared(rival: Rival, choice: PrecisionChoice) -> str:
    ratio = rival.time_ratio
    low, high = ratio.ci95
    span = f"({low:.2f} to {high:.2f})"
    name = precision_name(rival.precision)
    if rival.model != choice.ship.model and rival.precision == choice.ship.precision:
        name = rival.model
    if not ratio.believable:
        return f"no faster or slower than {name} within what was measured {span}"
    if ratio.value > 1:
        return f"{ratio.value:.2f}× as fast as {name} {span}"
    lost = ""
    if rival.accuracy is not None and choice.ship.accuracy is not None:
        lost = f" at {points(rival.accuracy - choice.ship.accuracy)} of accuracy"
    return f"though {name} takes {ratio.value:.2f} of its time {span}{lost}"
