"""Heat, clocks and throttling, the memory of this process, and what is a Jetson's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from edge_emotion.cpuinfo import CpuInfo

_CPU_ZONE = re.compile(r"(?i)cpu|soc|x86_pkg|package|k10temp|coretemp")
_SYSTEM = Path("/sys")
_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_FORGET_PEAK = "5"
_THROTTLE_COUNTERS = (
    "devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count",
    "devices/system/cpu/cpu[0-9]*/thermal_throttle/package_throttle_count",
    "class/hwmon/hwmon*/oc*_event_cnt",
)
_TOOL_SECONDS = 10.0


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


def clocks_mhz(system: Path = _SYSTEM, cpuinfo: CpuInfo | None = None) -> tuple[float, ...]:
    """The clock of every core at this moment; empty where the system does not show them.

    Args:
        system: where sysfs is mounted; virtual machines have no cpufreq in it.
        cpuinfo: asked then, as x86 has them there too; this machine's if left out.
    """
    files = system.glob("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq")
    kilohertz = [count for _, count in sorted(_counts(files))]
    if kilohertz:
        return tuple(count / 1000 for count in kilohertz)
    with suppress(ValueError):
        return tuple(float(clock) for clock in (cpuinfo or CpuInfo.read()).values("cpu MHz"))
    return ()


def throttle_events(system: Path = _SYSTEM) -> int | None:
    """How often since it started heat or current made the machine slow down; ``None``: not shown.

    Args:
        system: where sysfs is mounted. Intel's processors count per core and package
            (https://docs.kernel.org/admin-guide/thermal/intel_thermal_throttle.html), Jetsons
            count over-current events (Jetson Linux Developer Guide, "Power Monitor").
    """
    found = [count for each in _THROTTLE_COUNTERS for _, count in _counts(system.glob(each))]
    return sum(found) if found else None


def _counts(files: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for file in files:
        with suppress(OSError, ValueError):
            yield str(file), int(file.read_text())


def power_mode() -> str | None:
    """What nvpmodel calls a Jetson's power mode; ``None`` where there is none, or it is silent."""
    tool = shutil.which("nvpmodel")
    if tool is None:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - NVIDIA's tool, found on PATH
            [tool, "-q"], capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    mode = re.search(r"NV Power Mode: *(\S+)", told)
    return mode.group(1) if mode else None


def forget_peak_rss() -> bool:
    """Let ``peak_rss_bytes`` begin anew; false where the system does not allow it."""
    try:
        _CLEAR_REFS.write_text(_FORGET_PEAK)
    except OSError:
        return False
    return True


def peak_rss_bytes() -> int:
    """The most memory of this process that was in RAM at a time."""
    found = re.search(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
    return int(found[1]) * 1024 if found else 0


def rss_bytes() -> int:
    """Memory of this process that is in RAM."""
    pages = int(_STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def l4t_release(text: str) -> str | None:
    """The release in the text of a Jetson's ``/etc/nv_tegra_release``, as ``R36.4.3``."""
    found = re.search(r"# (R\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"{found[1]}.{found[2]}" if found else None
