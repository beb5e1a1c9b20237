"""Install the wheel in an arm64 Debian, as on a Jetson, and run the demo and the tests there.

    sudo python deploy/check/arm64.py [--mirror URL] [--bind PATH]…

Needs root, debootstrap, qemu-user-static and this repository's environment for development; takes
half an hour, since every instruction of the other processor is translated. The wheel goes into a
virtual environment that sees Debian's own OpenCV, as one on a Jetson sees JetPack's: NumPy 1 is
what both were built against. What only a GPU can do is not done. OpenVINO takes half a second for a
face here, so it comes last, and only its answers are held against ONNX Runtime's. Both ask the
system which processor they are on, and qemu hands them this machine's files: they are told of an
Orin's Cortex-A78AE. Its instructions are those of qemu's Cortex-A76: with the vectors of any length
that qemu offers otherwise, OpenBLAS multiplies matrices wrongly. The result is ``arm64.json``
beside this file; times in it are the emulator's and say nothing of a device.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rootfs import ROOT, Debian, inside, parser_of

from edge_emotion.bench.environment import read_environment
from edge_emotion.data import Split, load_dataset
from edge_emotion.jsonio import write_json

BINFMT = Path("/proc/sys/fs/binfmt_misc")
REGISTRATION = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
PACKAGES = "python3-venv python3-opencv opencv-data git"
EXTRAS = "jetson,report,mqtt,serve"
TEST_PACKAGES = "'pytest>=8.2' 'pytest-xdist>=3' 'hypothesis>=6.100' 'httpx>=0.27'"
TESTS = "-m 'not train and not gpu and not slow and not real'"
LEFT_OUT = (
    *("tests/fuzz", "tests/releases/test_power_cuts.py"),
    *("tests/bench", "tests/camera", "tests/cli"),
)
"""The first two ask nothing of the processor. The others time things, wait for processes, and give
up on what takes too long; emulated, everything does. The demo runs all three."""
VERSIONS = ("numpy", "onnxruntime", "openvino", "cuda-python")
EMULATED = "cortex-a76"
CPUINFO = """\
processor\t: {number}
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd42
CPU revision\t: 1

"""  # noqa: E501  one line, as Linux prints it
MIDR = "0x00000000410fd421"
"""The same processor in its identification register."""
ASKED = """
import json, sys
import numpy as np
from edge_emotion import EmotionClassifier
faces = np.load("faces.npy")
answers = {}
for backend in ("onnxruntime", "openvino"):
    with EmotionClassifier.load(sys.argv[1], backend) as classifier:
        answers[backend] = classifier.predict(faces)
one, other = answers.values()
json.dump({
    "model": sys.argv[1],
    "faces": len(faces),
    "same_class": int((one.argmax(1) == other.argmax(1)).sum()),
    "largest_difference": round(float(np.abs(one - other).max()), 4),
}, open("together.json", "w"))
"""
FACES = 100
LEAST_AGREEMENT = 0.95


def register_emulator() -> None:
    """Let the kernel start programs of arm64, where it does not yet."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(REGISTRATION.read_text().strip())


@contextmanager
def arm_board(root: Path) -> Iterator[None]:
    """In a root file system, the kernel's descriptions of an ARM processor."""
    cpus = os.cpu_count() or 1
    devices, cpuinfo = root / "sys/devices/system", root / "srv/cpuinfo"
    cpuinfo.write_text("".join(CPUINFO.format(number=number) for number in range(cpus)))
    with ExitStack() as unwind:
        for command, target in (
            (("-t", "proc", "proc"), root / "proc"),
            (("-t", "tmpfs", "sys"), root / "sys"),
            (("--bind", cpuinfo), root / "proc/cpuinfo"),
        ):
            subprocess.run(["mount", *command, target], check=True)
            unwind.callback(subprocess.run, ["umount", "--lazy", target], check=True)
        devices.mkdir(parents=True)
        for part in ("cpu", "node"):  # some entries refuse to be read
            subprocess.run(
                ["cp", "-r", f"/sys/devices/system/{part}", devices],
                stderr=subprocess.DEVNULL,
                check=False,
            )
        for number in range(cpus):
            folder = devices / f"cpu/cpu{number}/regs/identification"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "midr_el1").write_text(f"{MIDR}\n")
        yield


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
            f"{python} -m pip install --quiet '/srv/check/{wheel.name}[{EXTRAS}]' onnxruntime",
        ),
        "demo": inside(root, "cd /srv/check && /opt/check/bin/edge-emotion demo --out demo"),
    }
    inside(root, f"{python} -m pip install --quiet {TEST_PACKAGES}")
    ignored = " ".join(f"--ignore={path}" for path in LEFT_OUT)
    seconds["tests"] = inside(
        root,
        f"{python} -m pytest -q -n {os.cpu_count()} {TESTS} {ignored} -p no:cacheprovider"
        " --junitxml=/srv/check/tests.xml || true",
    )
    tests, failed = counts(work / "tests.xml")
    inside(root, f"{python} -m pip install --quiet openvino")
    np.save(work / "faces.npy", load_dataset("synthetic", Split.PUBLIC).images[:FACES])
    (work / "together.py").write_text(ASKED)
    inside(root, f"cd /srv/check && {python} together.py tiny")
    versions = (
        "import json, platform, cv2, importlib.metadata as m;"
        "json.dump({'machine': platform.machine(), 'python': platform.python_version(),"
        f" 'opencv': cv2.__version__, **{{n: m.version(n) for n in {VERSIONS!r}}}}},"
        " open('/srv/check/versions.json', 'w'))"
    )
    inside(root, f'{python} -c "{versions}"')
    events = (work / "demo" / "events.jsonl").read_text().splitlines()
    return {
        "inside": json.loads((work / "versions.json").read_text()),
        "wheel": wheel.name,
        "seconds_emulated": seconds,
        "demo_events": len([json.loads(line) for line in events]),
        "tests": tests,
        "tests_left_out": [TESTS, *LEFT_OUT],
        "failed": failed,
        "openvino_beside_onnxruntime": json.loads((work / "together.json").read_text()),
    }


def main() -> None:
    """Check, write the result, and exit 1 where a test failed."""
    given = parser_of(__doc__, Path(__file__).with_suffix(".json")).parse_args()
    register_emulator()
    os.environ["QEMU_CPU"] = EMULATED
    debian = Debian(given.suite, given.mirror, tuple(given.bind), architecture="arm64")
    with debian.unpacked() as root, arm_board(root):
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
    together = found["openvino_beside_onnxruntime"]
    if found["failed"] or together["same_class"] < LEAST_AGREEMENT * together["faces"]:
        sys.exit("not as it should be; see the result")


if __name__ == "__main__":
    missing = [each for each in ("debootstrap", "qemu-aarch64-static") if not shutil.which(each)]
    if missing or os.geteuid() != 0:
        sys.exit("this needs root: apt-get install debootstrap qemu-user-static")
    main()
