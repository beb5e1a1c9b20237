"""Install the wheel in an arm64 Debian, as on a Jetson, and run the demo and the tests there.

    sudo python deploy/check/arm64.py [--mirror URL] [--bind PATH]…

Needs root, debootstrap, qemu-user-static and this repository's environment for development; takes
an hour or two, since every instruction of the other processor is translated. The wheel goes into a
virtual environment that sees Debian's own OpenCV, as one on a Jetson sees JetPack's: NumPy 1 is
what both were built against. What only a GPU can do is not done. The result is ``arm64.json``
beside this file; times in it are the emulator's and say nothing of a device.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from rootfs import ROOT, Debian, inside, parser_of

from edge_emotion.bench.environment import read_environment
from edge_emotion.jsonio import write_json

BINFMT = Path("/proc/sys/fs/binfmt_misc")
REGISTRATION = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
PACKAGES = "python3-venv python3-opencv"
EXTRAS = "jetson,report,mqtt,serve"
BACKENDS = "onnxruntime openvino"
TEST_PACKAGES = "'pytest>=8.2' 'hypothesis>=6.100' 'httpx>=0.27'"
TESTS = "-m 'not train and not gpu and not slow and not real'"
LEFT_OUT = ("tests/fuzz", "tests/releases/test_power_cuts.py")
"""Thousands of processes and inputs that ask nothing of the processor."""
VERSIONS = ("numpy", "onnxruntime", "openvino", "cuda-python")


def register_emulator() -> None:
    """Let the kernel start programs of arm64, where it does not yet."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(REGISTRATION.read_text().strip())


def build_wheel(out: Path) -> Path:
    """The wheel of this clone."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    (wheel,) = out.glob("*.whl")
    return wheel


def counts(report: Path) -> tuple[dict[str, int], list[str]]:
    """How many tests ended how, and the names of those that failed, of a JUnit file."""
    failed, total = [], {"passed": 0, "failed": 0, "skipped": 0}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  our own file
        ends = {child.tag for child in case}
        end = (
            "failed"
            if ends & {"failure", "error"}
            else "skipped"
            if "skipped" in ends
            else "passed"
        )
        total[end] += 1
        if end == "failed":
            failed.append(f"{case.get('classname')}::{case.get('name')}")
    return total, failed


def check(root: Path) -> dict[str, Any]:
    """Install, run the demo from the wheel alone, and the tests in the clone."""
    work = root / "srv" / "check"
    wheel = build_wheel(work)
    python = "/opt/check/bin/python"
    seconds = {
        "apt": inside(root, f"apt-get install -y --no-install-recommends {PACKAGES}"),
        "venv": inside(root, "python3 -m venv --system-site-packages /opt/check"),
        "pip": inside(
            root,
            f"{python} -m pip install --quiet '/srv/check/{wheel.name}[{EXTRAS}]' {BACKENDS}",
        ),
        "demo": inside(root, "cd /srv/check && /opt/check/bin/edge-emotion demo --out demo"),
    }
    versions = (
        "import json, platform, cv2, importlib.metadata as m;"
        "json.dump({'machine': platform.machine(), 'python': platform.python_version(),"
        f" 'opencv': cv2.__version__, **{{n: m.version(n) for n in {VERSIONS!r}}}}},"
        " open('/srv/check/versions.json', 'w'))"
    )
    inside(root, f'{python} -c "{versions}"')
    inside(root, f"{python} -m pip install --quiet {TEST_PACKAGES}")
    ignored = " ".join(f"--ignore={path}" for path in LEFT_OUT)
    seconds["tests"] = inside(
        root,
        f"{python} -m pytest -q {TESTS} {ignored} -p no:cacheprovider"
        " --junitxml=/srv/check/tests.xml || true",
    )
    tests, failed = counts(work / "tests.xml")
    events = (work / "demo" / "events.jsonl").read_text().splitlines()
    return {
        "inside": json.loads((work / "versions.json").read_text()),
        "wheel": wheel.name,
        "seconds_emulated": seconds,
        "demo_events": len([json.loads(line) for line in events]),
        "tests": tests,
        "tests_left_out": [TESTS, *LEFT_OUT],
        "failed": failed,
    }


def main() -> None:
    """Check, write the result, and exit 1 where a test failed."""
    given = parser_of(__doc__, Path(__file__).with_suffix(".json")).parse_args()
    register_emulator()
    debian = Debian(given.suite, given.mirror, tuple(given.bind), architecture="arm64")
    with debian.unpacked() as root:
        found = check(root)
    write_json(
        given.out,
        {
            "schema": "edge-emotion/check-arm64/1",
            "suite": given.suite,
            "environment": read_environment().model_dump(mode="json"),
            **found,
        },
    )
    print(json.dumps(found, indent=2))
    if found["failed"]:
        sys.exit(f"{len(found['failed'])} tests failed; see the result")


if __name__ == "__main__":
    missing = [each for each in ("debootstrap", "qemu-aarch64-static") if not shutil.which(each)]
    if missing or os.geteuid() != 0:
        sys.exit("this needs root: apt-get install debootstrap qemu-user-static")
    main()
