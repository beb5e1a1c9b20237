"""The machine of a report as text, the same in every rendering of it."""

from __future__ import annotations

from edge_emotion.bench.conditions import Conditions, throttled
from edge_emotion.bench.naming import moment
from edge_emotion.bench.report import Report


def environment_facts(report: Report) -> dict[str, str]:
    """The machine, a line each."""
    environment = report.environment
    used, cores = len(environment.affinity), environment.cores
    meters = {row.energy.source for row in report.measured if row.energy}
    optional = {
        "Energy": "; ".join(sorted(meters)) or "no meter that this user may read",
        "Container": environment.container,
        "L4T": environment.l4t,
        "Power mode": environment.power_mode,
        "Clocks may be": _limits(environment.clock_limits_mhz),
        **_before_and_after(environment.conditions, report.after),
        "Revision": environment.git_revision,
    }
    return {
        "Date": moment(environment.date),
        "CPU": f"{environment.cpu} ({environment.machine})",
        "CPU features": ", ".join(environment.cpu_flags) or "none that matter here",
        "Cores": f"{used} of {cores} usable by this process",
        "Memory": f"{environment.memory_bytes / 2**30:.1f} GiB",
        "Governor": environment.governor or "not readable",
        "Load before": ", ".join(f"{value:.2f}" for value in environment.load_average),
        "System": f"{environment.os}, kernel {environment.kernel}",
        "Python": environment.python,
        **{name: fact for name, fact in optional.items() if fact is not None},
        **environment.versions,
    }


def _limits(megahertz: tuple[float, float] | None) -> str | None:
    return None if megahertz is None else "{:,.0f} to {:,.0f} MHz".format(*megahertz)


def _before_and_after(before: Conditions, after: Conditions | None) -> dict[str, str | None]:
    """What may have changed while rows were timed."""
    moments = [before] if after is None else [before, after]
    slowed = None if after is None else throttled(before, after)
    warmth = [one.temperature_celsius for one in moments]
    return {
        "Temperature before and after": _changes([f"{c:.0f}" for c in warmth if c], "°C"),
        "Clocks before and after": _changes([_span(one.clocks_mhz) for one in moments], "MHz"),
        "Throttled meanwhile": "the system does not tell" if slowed is None else f"{slowed} times",
    }


def _span(megahertz: tuple[float, ...]) -> str:
    """The lowest and the highest of the cores, one figure where they are the same."""
    ends = (min(megahertz), max(megahertz)) if megahertz else ()
    return "–".join(dict.fromkeys(f"{each:,.0f}" for each in ends))


def _changes(values: list[str], unit: str) -> str | None:
    known = [value for value in values if value]
    return f"{' → '.join(known)} {unit}" if known else None
