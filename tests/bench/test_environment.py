from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from edge_emotion.bench.environment import (
    container,
    cpu_flags,
    cpu_name,
    git_revision,
    read_environment,
)
from edge_emotion.vitals import l4t_release

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


def test_containers_are_known_by_what_they_leave(tmp_path: Path) -> None:
    assert container(tmp_path, {}) is None
    assert container(tmp_path, {"container": "lxc"}) == "lxc"
    assert container(tmp_path, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == "kubernetes"
    (tmp_path / ".dockerenv").touch()
    assert container(tmp_path, {}) == "docker"


def test_a_jetson_is_known_by_its_release() -> None:
    assert (
        l4t_release("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic") == "R36.4.3"
    )
    assert l4t_release("") is None


def test_the_commit_of_a_working_copy_is_what_git_says(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    commit = git("rev-parse", "HEAD")
    assert git_revision(tmp_path) == commit
    git("pack-refs", "--all")
    assert git_revision(tmp_path) == commit
    git("checkout", "-q", "--detach")
    assert git_revision(tmp_path) == commit
