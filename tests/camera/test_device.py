"""Camera devices that cannot be read: real device files with no driver behind them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("cv2")

DEVICE = Path("/dev/video91")
VIDEO_MAJOR = 81  # Linux, Documentation/admin-guide/devices.txt
NOBODY = 65534


@pytest.fixture
def device() -> Iterator[Path]:
    """A video device that belongs to somebody else, for its owner alone."""
    try:
        os.mknod(DEVICE, stat.S_IFCHR | 0o600, os.makedev(VIDEO_MAJOR, 91))
    except OSError as error:
        pytest.skip(f"no device file can be made here: {error}")
    try:
        os.chown(DEVICE, NOBODY, NOBODY)
        yield DEVICE
    finally:
        DEVICE.unlink()


def only_error(*before: str) -> str:
    """The one error that a run on the device ends with, after the words that start it."""
    command = [*before, sys.executable, "-m", "edge_emotion", "camera", "--source", str(DEVICE)]
    done = subprocess.run([*command, "--headless"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return error


def test_a_camera_without_permission_is_told_with_the_group_to_join(device: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("util-linux has no setpriv here")
    line = only_error("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
    assert line.startswith(f"error: no permission for {device}")
    assert "usermod -aG video" in line


def test_a_device_without_a_camera_behind_it_is_told(device: Path) -> None:
    assert only_error().startswith(f"error: {device} does not open")
