"""The machine a measurement was made on: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

from edge_emotion.bench.conditions import Conditions, read_conditions
from edge_emotion.cpuinfo import CpuInfo
from edge_emotion.vitals import l4t_release, power_mode

RELEVANT_FLAGS = (
    "avx2",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
)
"""CPU features that decide how fast INT8 and BF16 arithmetic runs (x86, then Arm)."""

RUNTIMES = (
    "edge-emotion",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tensorrt",
    "tensorrt-rtx-cu12",
    "torch",
)
"""Distributions whose version changes what is measured."""

_DEVICE_TREE_MODEL = Path("/proc/device-tree/model")
_CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq")
_L4T_RELEASE = Path("/etc/nv_tegra_release")
_OS_RELEASE = Path("/etc/os-release")


class Environment(BaseModel):
    """Fingerprint of machine and software."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: AwareDatetime
    """UTC, to the second."""
    machine: str
    """Architecture, as ``x86_64`` or ``aarch64``."""
    cpu: str
    cpu_flags: tuple[str, ...]
    """Those of ``RELEVANT_FLAGS`` that this CPU has."""
    cores: int
    affinity: tuple[int, ...]
    """Cores this process may use."""
    memory_bytes: int
    governor: str | None
    load_average: tuple[float, float, float]
    """Of the last 1, 5 and 15 minutes, before the first measurement."""
    os: str
    kernel: str
    python: str
    versions: dict[str, str]
    """Distribution → version, of those of ``RUNTIMES`` that are installed."""
    container: str | None = None
    """Which kind this runs in, where one says so."""
    l4t: str | None = None
    """Release of a Jetson's system, as ``R36.4.3``; ``None`` elsewhere."""
    power_mode: str | None = None
    """What nvpmodel calls a Jetson's power mode."""
    clock_limits_mhz: tuple[float, float] | None = None
    """Between which the governor may choose, where the system shows it."""
    conditions: Conditions
    """Before the first measurement."""
    git_revision: str | None = None
    """Commit of the working copy that this package runs from; ``None`` of an installed one."""


def read_environment() -> Environment:
    """Describe the machine this process runs on."""
    cpuinfo = CpuInfo.read()
    return Environment(
        date=datetime.now(timezone.utc).replace(microsecond=0),
        machine=platform.machine(),
        cpu=cpu_name(cpuinfo) or platform.processor() or platform.machine(),
        cpu_flags=cpu_flags(cpuinfo),
        cores=os.cpu_count() or 1,
        affinity=tuple(sorted(os.sched_getaffinity(0))),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        governor=_read(_CPUFREQ / "scaling_governor"),
        load_average=os.getloadavg(),
        os=_os_name(),
        kernel=platform.release(),
        python=platform.python_version(),
        versions=_versions(),
        container=container(Path("/"), os.environ),
        l4t=l4t_release(_read(_L4T_RELEASE) or ""),
        power_mode=power_mode(),
        clock_limits_mhz=clock_limits_mhz(_CPUFREQ),
        conditions=read_conditions(),
        git_revision=git_revision(Path(__file__).parents[2]),
    )


def cpu_name(cpuinfo: CpuInfo) -> str | None:
    """The processor's name; on Arm boards, where ``/proc/cpuinfo`` has none, the board's."""
    return next(iter(cpuinfo.values("model name")), None) or _read(_DEVICE_TREE_MODEL)


def cpu_flags(cpuinfo: CpuInfo) -> tuple[str, ...]:
    """The relevant ones among the processor's features."""
    present = cpuinfo.features
    return tuple(flag for flag in RELEVANT_FLAGS if flag in present)


def clock_limits_mhz(cpufreq: Path) -> tuple[float, float] | None:
    """Lowest and highest clock that the governor of a core may choose."""
    low, high = (_read(cpufreq / f"scaling_{end}_freq") for end in ("min", "max"))
    return (int(low) / 1000, int(high) / 1000) if low and high else None


def container(root: Path, variables: Mapping[str, str]) -> str | None:
    """The container that this process runs in: ``docker``, ``podman``, what systemd calls it.

    Args:
        root: the file system's; Docker and Podman leave a file in it.
        variables: of this process; systemd-nspawn, LXC and Podman set ``container``.
    """
    if "KUBERNETES_SERVICE_HOST" in variables:
        return "kubernetes"
    marks = {"docker": root / ".dockerenv", "podman": root / "run" / ".containerenv"}
    marked = (name for name, file in marks.items() if file.exists())
    return variables.get("container") or next(marked, None)


def git_revision(folder: Path) -> str | None:
    """The commit that a working copy's files are of, read without git; ``None`` if it is none."""
    head = _read(folder / ".git" / "HEAD") or ""
    if not head.startswith("ref: "):
        return head or None
    reference = head.removeprefix("ref: ")
    packed = re.search(
        rf"^([0-9a-f]+) {re.escape(reference)}$", _read(folder / ".git" / "packed-refs") or "", re.M
    )
    return _read(folder / ".git" / reference) or (packed[1] if packed else None)


def _os_name() -> str:
    for line in (_read(_OS_RELEASE) or "").splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip('"')
    return platform.system()


def _versions() -> dict[str, str]:
    return {
        name: version
        for name in RUNTIMES
        for version in [found.version for found in metadata.distributions(name=name)][:1]
    }


def _read(path: Path) -> str | None:
    """A small system file's text without its padding; ``None`` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return None
