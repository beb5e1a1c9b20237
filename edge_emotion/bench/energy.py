"""Electric energy of an inference, where the machine has counters or sensors for it.

PCs count what the processor package has used (RAPL, through Linux' powercap;
https://docs.kernel.org/power/powercap/powercap.html). Jetsons measure the current of the board's
input with an INA3221 (https://docs.kernel.org/hwmon/ina3221.html). Neither was there where this was
written: both are tested on made-up system files.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from edge_emotion.bench.frozen import Frozen
from edge_emotion.bench.timing import Lane

_SYSTEM = Path("/sys")
_INPUT_RAILS = ("VDD_IN", "POM_5V_IN")
_SAMPLE_SECONDS = 0.02


class Energy(Frozen):
    """What one inference takes above what the idle machine takes."""

    joules: float
    """Of one call, whatever its batch."""
    idle_watts: float
    watts: float
    """While calls followed one another."""
    source: str


class Reading(NamedTuple):
    """Of a meter; only differences mean something."""

    joules: float
    seconds: float
    """When it was read: its own clock, so that no pause between two clocks counts as power."""

    def since(self, before: Reading) -> Reading:
        """What was used after an earlier reading, and the time that took."""
        return Reading(self.joules - before.joules, self.seconds - before.seconds)


class Meter(ABC):
    """Energy that was used since some moment."""

    source: str

    @abstractmethod
    def read(self) -> Reading:
        """What was used until now."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it measure while the block runs."""
        yield


class Rapl(Meter):
    """The sum of the processor packages' counters.

    Args:
        zones: folders with ``energy_uj`` and ``max_energy_range_uj``.
    """

    source = "RAPL, processor packages"

    def __init__(self, zones: list[Path]) -> None:
        self._counters = [
            (zone / "energy_uj", _number(zone / "max_energy_range_uj")) for zone in zones
        ]
        self._last = [_number(counter) for counter, _ in self._counters]
        self._total = 0.0

    def read(self) -> Reading:
        """All packages together; a counter may run over once between two calls."""
        for place, (counter, span) in enumerate(self._counters):
            now = _number(counter)
            self._total += (now - self._last[place]) % (span + 1)
            self._last[place] = now
        return Reading(self._total / 1e6, time.monotonic())


class Rail(Meter):
    """The power of one rail, read again and again and summed up.

    Args:
        folder: of the sensor, with ``inN_input`` in millivolts and ``currN_input`` in milliamperes.
        channel: which N.
        name: the rail's.
    """

    def __init__(self, folder: Path, channel: str, name: str) -> None:
        self.source = f"INA3221, rail {name}"
        self._volts, self._amperes = folder / f"in{channel}_input", folder / f"curr{channel}_input"
        self._total, self._read_at = 0.0, time.monotonic()
        self._lock = threading.Lock()

    def read(self) -> Reading:
        """What was summed up until now."""
        with self._lock:
            now = time.monotonic()
            watts = _number(self._volts) * _number(self._amperes) / 1e6
            self._total += watts * (now - self._read_at)
            self._read_at = now
            return Reading(self._total, now)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Read it fifty times a second."""
        ended = threading.Event()

        def sample() -> None:
            while not ended.wait(_SAMPLE_SECONDS):
                self.read()

        thread = threading.Thread(target=sample, name="energy", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def find_meter(system: Path = _SYSTEM) -> Meter | None:
    """The machine's meter; ``None`` where it has none, or none that this user may read.

    Args:
        system: where sysfs is mounted.
    """
    zones = [
        zone for zone in sorted(system.glob("class/powercap/intel-rapl:*")) if _is_package(zone)
    ]
    if zones:
        return Rapl(zones)
    for label in sorted(system.glob("class/hwmon/hwmon*/in*_label")):
        with suppress(OSError):
            rail = label.read_text().strip()
            if rail in _INPUT_RAILS:
                channel = label.name.removeprefix("in").removesuffix("_label")
                return Rail(label.parent, channel, rail)
    return None


def measure_energy(meter: Meter, lane: Lane, seconds: float, idle_watts: float) -> Energy:
    """Call again and again for so long, and share the energy among the calls."""
    with meter.running():
        before = meter.read()
        calls = len(lane.run_for(round(seconds * 1e9)))
        used = meter.read().since(before)
    return Energy(
        joules=(used.joules - idle_watts * used.seconds) / calls,
        idle_watts=idle_watts,
        watts=used.joules / used.seconds,
        source=meter.source,
    )


def idle_power(meter: Meter, seconds: float) -> float:
    """Watts while this process waits."""
    with meter.running():
        before = meter.read()
        time.sleep(seconds)
        used = meter.read().since(before)
    return used.joules / used.seconds


def _is_package(zone: Path) -> bool:
    """Whether a zone is a whole package that can be read: since 2020 only root may, by default."""
    try:
        return (zone / "name").read_text().startswith("package") and _number(
            zone / "energy_uj"
        ) >= 0
    except OSError:
        return False


def _number(file: Path) -> int:
    return int(file.read_text())
