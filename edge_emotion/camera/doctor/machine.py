"""Cameras, display, disk, and on a Jetson its software, power mode and clocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from edge_emotion.camera.disk import RESERVE_BYTES
from edge_emotion.camera.doctor.check import Check, failure, ok, warning
from edge_emotion.cpuinfo import CpuInfo
from edge_emotion.errors import EdgeEmotionError, OutputError
from edge_emotion.jsonio import cache_directory, output_directory
from edge_emotion.vitals import cpu_temperature_celsius, l4t_release, power_mode

_LITTLE_BYTES = 1 << 30
_VNNI = {"avx512_vnni", "avx_vnni"}
_HOT_CELSIUS = 85.0
"""Jetsons and most PCs begin to lower their clocks between here and 100 °C."""


def machine_checks(root: Path) -> Iterator[Check]:
    """Everything that is the machine's own."""
    yield from _cameras(root / "dev")
    yield _display()
    yield _cache()
    yield _disk()
    yield from _jetson(root)
    yield from _byte_products(root / "proc")
    yield _clocks(root / "sys")
    yield _temperature(root / "sys")


def _cameras(dev: Path) -> Iterator[Check]:
    devices = sorted(dev.glob("video[0-9]*"))
    if not devices:
        yield warning("cameras", "no /dev/video*", "connect one; files and streams need none")
    for device in devices:
        if os.access(device, os.R_OK | os.W_OK):
            yield ok(f"camera {device.name}", "may be opened")
        else:
            fix = "sudo usermod -aG video $USER, then log in again"
            yield failure(f"camera {device.name}", "no permission", fix)


def _display() -> Check:
    try:
        from edge_emotion.camera.sinks.window import missing_display
    except EdgeEmotionError:
        return warning("display", "cannot be tried without OpenCV", "install OpenCV")
    reason = missing_display()
    if reason is None:
        return ok("display", "a window opens")
    return warning("display", reason, "pass --headless")


def _cache() -> Check:
    folder = cache_directory()
    try:
        output_directory(folder)
    except OutputError as error:
        return warning("cache", str(error), "set EDGE_EMOTION_CACHE to a folder you may write to")
    return ok("cache", str(folder))


def _disk() -> Check:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free at {folder}"
    if free < RESERVE_BYTES:
        return failure("disk", found, "free some: no video can be written")
    if free < _LITTLE_BYTES:
        return warning("disk", found, "free some: video takes about a gigabyte an hour")
    return ok("disk", found)


def _jetson(root: Path) -> Iterator[Check]:
    try:
        text = (root / "etc" / "nv_tegra_release").read_text()
    except OSError:
        yield ok("JetPack", "not a Jetson")
        return
    release = l4t_release(text)
    if release is None:
        yield warning("JetPack", "its release is not understood", "see /etc/nv_tegra_release")
    elif int(release[1:].partition(".")[0]) < 36:
        fix = "JetPack 6 (L4T R36) is the oldest that is supported"
        yield failure("JetPack", f"L4T {release}", fix)
    else:
        yield ok("JetPack", f"L4T {release}")
    yield _power_mode()


def _power_mode() -> Check:
    fix = "sudo nvpmodel -m 0 for the fastest mode, sudo jetson_clocks to hold the clocks"
    if shutil.which("nvpmodel") is None:
        return warning(
            "power mode", "there is no nvpmodel", "install JetPack's nvidia-l4t-nvpmodel"
        )
    mode = power_mode()
    if mode is None:
        return warning("power mode", "nvpmodel does not tell it", fix)
    if "MAXN" in mode:
        return ok("power mode", mode)
    return warning("power mode", mode, fix)


def _byte_products(proc: Path) -> Iterator[Check]:
    told = CpuInfo.read(proc / "cpuinfo")
    if not told.values("flags"):  # not x86
        return
    if _VNNI & told.features:
        yield ok("INT8 arithmetic", "VNNI")
    else:
        fix = "let --backend auto choose: it times what is installed"
        yield warning("INT8 arithmetic", "this processor has no VNNI: INT8 gains less", fix)


def _clocks(sysfs: Path) -> Check:
    cpu = sysfs / "devices" / "system" / "cpu"
    governors = set()
    for file in cpu.glob("cpu[0-9]*/cpufreq/scaling_governor"):
        governors.add(file.read_text().strip())
    if not governors:
        return ok("CPU clocks", "the system does not show how they are governed")
    found = ", ".join(sorted(governors))
    if "powersave" in governors and not (cpu / "intel_pstate").exists():
        fix = "choose schedutil or performance: powersave holds the lowest clock"
        return warning("CPU clocks", found, fix)
    return ok("CPU clocks", found)


def _temperature(sysfs: Path) -> Check:
    celsius = cpu_temperature_celsius(sysfs)
    if celsius is None:
        return ok("temperature", "the system does not show it")
    if celsius >= _HOT_CELSIUS:
        return warning("temperature", f"{celsius:.0f} °C", "cool it: the clocks are lowered soon")
    return ok("temperature", f"{celsius:.0f} °C")
