"""A line for each thing the loop needs, with the fix; exit code 1 when one is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_emotion.camera.doctor import Check, examine
from tests.conftest import RunCli


def checks(root: Path) -> dict[str, Check]:
    return {check.topic: check for check in examine(root).checks}


def test_every_check_that_is_not_ok_names_its_fix(run_cli: RunCli) -> None:
    done = run_cli("doctor", "--json")
    found = json.loads(done.stdout)
    assert found["schema"] == "edge-emotion/doctor/1"
    states = {check["topic"]: check["state"] for check in found["checks"]}
    assert all(check["fix"] for check in found["checks"] if check["state"] != "ok")
    assert done.returncode == ("failure" in states.values())
    assert states["Python"] == states["OpenCV"] == states["numpy"] == "ok"
    assert states["model small.cpu.onnx"] == "ok"
    assert {"backend tensorrt", "display", "cache", "disk", "JetPack", "temperature"} <= set(states)


def test_a_line_for_each_check(run_cli: RunCli) -> None:
    done = run_cli("doctor")
    assert done.stderr == ""
    for line in done.stdout.splitlines():
        assert line.split()[0] in ("ok", "warning", "failure")


def test_a_detector_with_other_bytes_is_a_failure(run_cli: RunCli, tmp_path: Path) -> None:
    other = tmp_path / "yunet.onnx"
    other.write_bytes(b"something else")
    done = run_cli("doctor", EDGE_EMOTION_YUNET=str(other))
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if "YuNet" in line)
    assert line.startswith("failure")
    assert "models pull yunet" in line


def test_without_opencv_it_says_so_and_goes_on(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['cv2'] = None\n"
        "from edge_emotion.cli import main\nsys.argv = ['edge-emotion', 'doctor']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"EDGE_EMOTION_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "failure  OpenCV: not installed → pip install 'edge-emotion[cpu]'" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ("# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic", "ok"),
        ("# R32 (release), REVISION: 7.1, GCID: 1, BOARD: t186ref", "failure"),
        ("something else", "warning"),
    ],
)
def test_the_release_of_a_jetson(tmp_path: Path, release: str, state: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "nv_tegra_release").write_text(release)
    found = checks(tmp_path)
    assert found["JetPack"].state == state
    assert "power mode" in found


def test_cameras_clocks_and_heat_of_another_machine(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video0").touch()
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("cpu-thermal\n")
    (zone / "temp").write_text("91000\n")
    clock = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    clock.mkdir(parents=True)
    (clock / "scaling_governor").write_text("powersave\n")
    found = checks(tmp_path)
    assert found["camera video0"].state == "ok"
    assert found["temperature"].state == "warning"
    assert found["temperature"].found == "91 °C"
    assert found["CPU clocks"].state == "warning"


@pytest.mark.parametrize(
    ("cpuinfo", "state"),
    [
        ("flags\t\t: sse4_1 avx2 fma\n", "warning"),
        ("flags\t\t: avx2 avx512f avx512_vnni\n", "ok"),
        ("flags\t\t: avx2 avx_vnni\nflags\t\t: avx2 avx_vnni\n", "ok"),
        ("Features\t: fp asimd asimddp\n", None),
    ],
)
def test_processors_that_multiply_bytes_slowly(
    tmp_path: Path, cpuinfo: str, state: str | None
) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(cpuinfo)
    found = checks(tmp_path).get("INT8 arithmetic")
    assert (found.state if found else None) == state


def test_a_machine_that_shows_nothing_is_no_failure(tmp_path: Path) -> None:
    found = checks(tmp_path)
    assert found["cameras"].state == "warning"
    assert found["JetPack"].found == "not a Jetson"
    assert found["temperature"].state == found["CPU clocks"].state == "ok"
