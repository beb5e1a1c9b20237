"""The unit file, by systemd's own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        shutil.which("systemd-analyze") is None, reason="needs Debian's package systemd"
    ),
]

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICE = UNITS / "edge-emotion.service"
EXPOSURE = 2.5
NEWER = {"RestartSteps", "RestartMaxDelaySec"}
"""Known since systemd 254; older ones say that they ignore them."""


def analyze(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = SERVICE.read_text().replace("/opt/edge-emotion/bin/edge-emotion", "/bin/true")
    (tmp_path / SERVICE.name).write_text(text)
    done = analyze("verify", f"./{SERVICE.name}", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    about_it = [line for line in done.stderr.splitlines() if SERVICE.name in line]
    unknown = {
        found[1] for line in about_it if (found := re.search(r"Unknown key.* '(\w+)'", line))
    }
    assert unknown <= NEWER
    assert len(about_it) == len(unknown), done.stderr


def test_verify_would_find_a_mistake(tmp_path: Path) -> None:
    text = SERVICE.read_text().replace("WatchdogSec=30", "WatchdogSec=often")
    (tmp_path / SERVICE.name).write_text(text)
    done = analyze("verify", f"./{SERVICE.name}", folder=tmp_path)
    assert "often" in done.stderr


@pytest.mark.parametrize("drop_in", [None, *sorted(UNITS.glob("*.conf"))])
def test_exposure_is_low_with_the_camera(tmp_path: Path, drop_in: Path | None) -> None:
    shutil.copy(SERVICE, tmp_path)
    if drop_in is not None:
        folder = tmp_path / f"{SERVICE.name}.d"
        folder.mkdir()
        shutil.copy(drop_in, folder)
    threshold = f"--threshold={round(EXPOSURE * 10)}"
    done = analyze("security", "--offline=true", threshold, f"./{SERVICE.name}", folder=tmp_path)
    found = re.search(r"exposure level for edge-emotion.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE
    assert done.returncode == 0
