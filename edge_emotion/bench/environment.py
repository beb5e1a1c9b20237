"""The machine a measurement was made on: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

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

_CPUINFO = Path("/proc/cpuinfo")
_DEVICE_TREE_MODEL = Path("/proc/device-tree/model")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
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


def read_environment() -> Environment:
    """Describe the machine this process runs on."""
    cpuinfo = _read(_CPUINFO) or ""
    return Environment(
        date=datetime.now(timezone.utc).replace(microsecond=0),
        machine=platform.machine(),
        cpu=cpu_name(cpuinfo) or platform.processor() or platform.machine(),
        cpu_flags=cpu_flags(cpuinfo),
        cores=os.cpu_count() or 1,
        affinity=tuple(sorted(os.sched_getaffinity(0))),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        governor=_read(_GOVERNOR),
        load_average=os.getloadavg(),
        os=_os_name(),
        kernel=platform.release(),
        python=platform.python_version(),
        versions=_versions(),
    )


def cpu_name(cpuinfo: str) -> str | None:
    """The processor's name; on Arm boards, where ``/proc/cpuinfo`` has none, the board's."""
    return _cpuinfo_value(cpuinfo, "model name") or _read(_DEVICE_TREE_MODEL)


def cpu_flags(cpuinfo: str) -> tuple[str, ...]:
    """The relevant features listed in the text of ``/proc/cpuinfo`` (x86 or Arm)."""
    listed = _cpuinfo_value(cpuinfo, "flags") or _cpuinfo_value(cpuinfo, "Features") or ""
    present = set(listed.split())
    return tuple(flag for flag in RELEVANT_FLAGS if flag in present)


def _cpuinfo_value(cpuinfo: str, key: str) -> str | None:
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


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
