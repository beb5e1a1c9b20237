from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.bench.conditions import Conditions, throttled
from edge_emotion.bench.environment import (
    clock_limits_mhz,
    container,
    cpu_flags,
    cpu_name,
    git_revision,
    read_environment,
)
from edge_emotion.bench.environment_text import environment_facts
from edge_emotion.bench.report import Report
from edge_emotion.cpuinfo import CpuInfo
from edge_emotion.vitals import clocks_mhz, l4t_release, power_mode, throttle_events
from tests.bench.reports import report, row

XEON = CpuInfo("""processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
flags\t\t: fpu sse avx2 amx_int8 amx_bf16 avx512_vnni avx512_bf16
""")
ORIN = CpuInfo("""processor\t: 0
BogoMIPS\t: 62.50
Features\t: fp asimd asimddp
CPU implementer\t: 0x41
""")


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


def test_clocks_come_from_the_governor_and_in_a_virtual_machine_from_the_processor(
    tmp_path: Path,
) -> None:
    cpus = tmp_path / "devices" / "system" / "cpu"
    told = CpuInfo("processor\t: 0\ncpu MHz\t\t: 2596.128\nprocessor\t: 1\ncpu MHz\t\t: 2600.5\n")
    assert clocks_mhz(tmp_path, told) == (2596.128, 2600.5)
    assert clocks_mhz(tmp_path, CpuInfo.read(tmp_path / "absent")) == ()
    assert clocks_mhz(tmp_path, CpuInfo("cpu MHz\t\t: unknown\n")) == ()
    for number, kilohertz in ((0, "1510400"), (1, "729600")):
        folder = cpus / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_cur_freq").write_text(kilohertz + "\n")
        (folder / "scaling_min_freq").write_text("729600\n")
        (folder / "scaling_max_freq").write_text("1510400\n")
    assert clocks_mhz(tmp_path, told) == (1510.4, 729.6)
    assert clock_limits_mhz(cpus / "cpu0" / "cpufreq") == (729.6, 1510.4)
    assert clock_limits_mhz(cpus / "cpu9" / "cpufreq") is None


def test_throttling_is_counted_where_the_system_counts_it(tmp_path: Path) -> None:
    assert throttle_events(tmp_path) is None
    thermal = tmp_path / "devices" / "system" / "cpu" / "cpu0" / "thermal_throttle"
    thermal.mkdir(parents=True)
    (thermal / "core_throttle_count").write_text("3\n")
    (thermal / "package_throttle_count").write_text("4\n")
    jetson = tmp_path / "class" / "hwmon" / "hwmon2"
    jetson.mkdir(parents=True)
    (jetson / "oc1_event_cnt").write_text("5\n")
    (jetson / "oc2_event_cnt").write_text("not a count\n")
    assert throttle_events(tmp_path) == 12


def test_the_power_mode_is_what_nvpmodel_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert power_mode() is None
    tool = tmp_path / "nvpmodel"
    tool.write_text("#!/bin/sh\n[ \"$1\" = -q ] && echo 'NV Power Mode: 25W' && echo 1\n")
    tool.chmod(0o755)
    assert power_mode() == "25W"
    tool.write_text("#!/bin/sh\nexit 1\n")
    assert power_mode() is None


def conditions(celsius: float | None, clocks: tuple[float, ...], events: int | None) -> Conditions:
    return Conditions(temperature_celsius=celsius, clocks_mhz=clocks, throttle_events=events)


def measured(before: Conditions, after: Conditions | None) -> Report:
    one = report(row("small", "int8", 0.25))
    environment = one.environment.model_copy(update={"conditions": before})
    return one.model_copy(update={"environment": environment, "after": after})


def test_a_report_tells_what_changed_while_it_was_made() -> None:
    before = conditions(41.0, (1200.0, 3500.0), 2)
    facts = environment_facts(measured(before, conditions(67.6, (2800.0, 2800.0), 9)))
    assert facts["Temperature before and after"] == "41 → 68 °C"
    assert facts["Clocks before and after"] == "1,200–3,500 → 2,800 MHz"
    assert facts["Throttled meanwhile"] == "7 times"
    silent = conditions(None, (), None)
    facts = environment_facts(measured(silent, silent))
    assert facts["Throttled meanwhile"] == "the system does not tell"
    assert not {"Temperature before and after", "Clocks before and after"} & facts.keys()
    assert throttled(before, silent) is None
