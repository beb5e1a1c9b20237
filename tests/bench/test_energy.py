"""Meters, on system files as Linux has them: no machine with real ones was at hand."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge_emotion.bench.energy import Rail, Rapl, find_meter, idle_power, measure_energy
from edge_emotion.bench.timing import Lane


def package(system: Path, number: int, microjoules: int, name: str = "package") -> Path:
    zone = system / "class" / "powercap" / f"intel-rapl:{number}"
    zone.mkdir(parents=True)
    (zone / "name").write_text(f"{name}-{number}\n")
    (zone / "energy_uj").write_text(f"{microjoules}\n")
    (zone / "max_energy_range_uj").write_text("999999\n")
    return zone


def rail(system: Path, label: str, millivolts: int, milliamperes: int) -> Path:
    folder = system / "class" / "hwmon" / "hwmon3"
    folder.mkdir(parents=True)
    for file, text in (
        ("in1_label", label),
        ("in1_input", millivolts),
        ("curr1_input", milliamperes),
    ):
        (folder / file).write_text(f"{text}\n")
    return folder


def test_packages_are_added_up_and_run_over(tmp_path: Path) -> None:
    first, second = package(tmp_path, 0, 999_000), package(tmp_path, 1, 0)
    package(tmp_path, 2, 5, name="psys")
    meter = find_meter(tmp_path)
    assert isinstance(meter, Rapl)
    assert meter.read().joules == 0
    (first / "energy_uj").write_text("1000\n")  # past its range of 999 999
    (second / "energy_uj").write_text("300000\n")
    assert meter.read().joules == pytest.approx(0.302)


def test_the_input_rail_of_a_jetson_is_summed_over_time(tmp_path: Path) -> None:
    rail(tmp_path, "VDD_IN", 19_000, 500)
    meter = find_meter(tmp_path)
    assert isinstance(meter, Rail)
    assert meter.source == "INA3221, rail VDD_IN"
    assert idle_power(meter, 0.2) == pytest.approx(9.5, rel=1e-3)


def test_what_the_idle_machine_takes_is_not_the_inferences(tmp_path: Path) -> None:
    rail(tmp_path, "VDD_IN", 10_000, 800)
    meter = find_meter(tmp_path)
    assert meter is not None
    energy = measure_energy(meter, Lane(time.sleep, [0.01]), 0.3, idle_watts=5.0)
    assert energy.watts == pytest.approx(8.0, rel=0.05)
    assert energy.joules == pytest.approx(3.0 * 0.01, rel=0.2)


@pytest.mark.parametrize("label", [None, "VDD_CPU"])
def test_without_a_meter_there_is_none(tmp_path: Path, label: str | None) -> None:
    if label:
        rail(tmp_path, label, 1, 1)
    assert find_meter(tmp_path) is None
