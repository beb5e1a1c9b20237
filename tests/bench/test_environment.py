from __future__ import annotations

import os
import platform
from datetime import datetime, timezone

import numpy as np

from edge_emotion.bench.environment import cpu_flags, cpu_name, read_environment

XEON = """processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
flags\t\t: fpu sse avx2 amx_int8 amx_bf16 avx512_vnni avx512_bf16
"""
ORIN = """processor\t: 0
BogoMIPS\t: 62.50
Features\t: fp asimd asimddp
CPU implementer\t: 0x41
"""


def test_x86_is_known_by_name_and_by_what_speeds_up_int8() -> None:
    assert cpu_name(XEON) == "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"
    assert cpu_flags(XEON) == ("avx2", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def test_arm_lists_its_features_elsewhere() -> None:
    assert cpu_flags(ORIN) == ("asimddp",)


def test_this_machine_is_described_as_it_is() -> None:
    found = read_environment()
    assert found.machine == platform.machine()
    assert found.cpu
    assert found.affinity == tuple(sorted(os.sched_getaffinity(0)))
    assert found.cores >= len(found.affinity)
    assert found.memory_bytes > 2**28
    assert found.versions["numpy"] == np.__version__
    assert abs((datetime.now(timezone.utc) - found.date).total_seconds()) < 60
