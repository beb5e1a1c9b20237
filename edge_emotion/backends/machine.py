"""Which machine this is, as far as it decides which runtime is the fastest."""

from __future__ import annotations

import os
import platform
import re
from importlib.util import find_spec
from pathlib import Path

from edge_emotion.cpuinfo import CpuInfo

_MODEL = ("model name", "CPU implementer", "CPU part", "Hardware")
_DECISIVE = re.compile(r"(avx|amx|fma|sse4|asimd|i8mm|bf16|sve|sme\d?$)\w*$")


def processor() -> list[str]:
    """Its model, the instruction sets that kernels are chosen by, and the cores we may use."""
    told = CpuInfo.read()
    cores = sorted(os.sched_getaffinity(0))
    return [
        platform.machine(),
        *sorted(set(told.values(*_MODEL))),
        " ".join(feature for feature in sorted(told.features) if _DECISIVE.match(feature)),
        f"cores {cores}",
    ]


def installed_as(module: str) -> list[str]:
    """Names and versions of the distributions that put ``module`` where it is.

    Read from the names of their folders: asking the runtime itself would import it.
    """
    spec = find_spec(module)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return sorted(
        {info.name for place in places for info in Path(place).parent.glob(f"{module}*.*-info")}
    )
