"""Ask pip whether every extra of the wheel can be installed, on every Python that is named.

    python deploy/check/extras.py [PYTHON]…

Builds the wheel, and on each interpreter (those of 3.10 to 3.13 that are found where none is given)
has pip resolve all extras together, as if nothing were installed; that of a Jetson apart, on the
Pythons that JetPack has. Installs nothing. Exits 1 where one cannot be had.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tomllib

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
JETPACK = ("python3.10", "python3.12")
"""Of JetPack 6 and 7, whose OpenCV needs a NumPy that later ones do not have."""


def named_pythons() -> list[str]:
    """Interpreters of the versions that the package names, in PATH or pyenv."""
    prefix = "Programming Language :: Python :: "
    found = []
    for version in (
        each.removeprefix(prefix) for each in SETTINGS["classifiers"] if each.startswith(prefix)
    ):
        kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        path = str(kept[-1]) if kept else shutil.which(f"python{version}")
        if path is None:
            sys.exit(f"Python {version} is not installed here")
        found.append(path)
    return found


def resolve(python: str, requirement: str) -> str | None:
    """What pip says against a requirement; None where it would install it."""
    options = ["--dry-run", "--ignore-installed", "--prefer-binary", "--quiet"]
    done = subprocess.run(
        [python, "-m", "pip", "install", *options, requirement],
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return None if done.returncode == 0 else " ".join(errors) or done.stderr.strip()


def main() -> None:
    """Resolve everything everywhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="*")
    pythons = parser.parse_args().pythons or named_pythons()
    together = ",".join(sorted(set(SETTINGS["optional-dependencies"]) - {"jetson"}))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(folder).glob("*.whl")
        for python in pythons:
            name = Path(python).name
            for extras in (together, "jetson") if name in JETPACK else (together,):
                said = resolve(python, f"{wheel}[{extras}]")
                failed |= said is not None
                print(f"{name} [{extras}]: {said or 'resolves'}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
