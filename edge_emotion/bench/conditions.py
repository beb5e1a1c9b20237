"""What may change on a machine while it is measured: heat, clocks, throttling."""

from __future__ import annotations

from edge_emotion.bench.frozen import Frozen
from edge_emotion.vitals import clocks_mhz, cpu_temperature_celsius, throttle_events


class Conditions(Frozen):
    """At one moment; nothing of it is ever changed by a measurement."""

    temperature_celsius: float | None
    """Of the processor, where the system shows it."""
    clocks_mhz: tuple[float, ...]
    """Of every core, where the system shows them; with nothing running they say little."""
    throttle_events: int | None
    """How often heat or current has slowed the machine down since it started."""


def read_conditions() -> Conditions:
    """Those of now."""
    return Conditions(
        temperature_celsius=cpu_temperature_celsius(),
        clocks_mhz=clocks_mhz(),
        throttle_events=throttle_events(),
    )


def throttled(before: Conditions, after: Conditions) -> int | None:
    """How often the machine was slowed down in between; ``None`` where it does not tell."""
    if before.throttle_events is None or after.throttle_events is None:
        return None
    return after.throttle_events - before.throttle_events
