"""How warm the processor is, how much memory this process holds, and what runs a Jetson."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CPU_ZONE = re.compile(r"(?i)cpu|soc|x86_pkg|package|k10temp|coretemp")
_SYSTEM = Path("/sys")
_STATM = Path("/proc/self/statm")


def cpu_temperature_celsius(system: Path = _SYSTEM) -> float | None:
    """The warmest of the processor's sensors, or ``None`` where the system shows none.

    Args:
        system: where sysfs is mounted. Jetsons show thermal zones ("cpu-thermal"), PCs also
            hwmon chips ("coretemp", "k10temp").
    """
    found = [
        *_readings(system.glob("class/thermal/thermal_zone*"), "type", "temp"),
        *_readings(system.glob("class/hwmon/hwmon*"), "name", "temp*_input"),
    ]
    return max(found, default=None)


def _readings(folders: Iterable[Path], name_file: str, value_files: str) -> list[float]:
    readings = []
    for folder in folders:
        # A sensor of a part that is switched off refuses to be read.
        with suppress(OSError, ValueError):
            if _CPU_ZONE.search((folder / name_file).read_text()):
                readings += [int(file.read_text()) / 1000 for file in folder.glob(value_files)]
    return readings


def rss_bytes() -> int:
    """Memory of this process that is in RAM."""
    pages = int(_STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def l4t_release(text: str) -> str | None:
    """The release in the text of a Jetson's ``/etc/nv_tegra_release``, as ``R36.4.3``."""
    found = re.search(r"# (R\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"{found[1]}.{found[2]}" if found else None
