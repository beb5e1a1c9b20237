"""Install face-api for Node in the cache folder, and print the path of a Node that finds it.

python benchmarks/peers/face_api/install.py
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from edge_emotion.jsonio import cache_directory, write_text

PACKAGES = Path(__file__).with_name("package.json")


def install() -> Path:
    """A launcher of Node that resolves face-api's packages; made once for each list of them.

    Raises:
        FileNotFoundError: there is no Node here.
        subprocess.CalledProcessError: npm cannot get a package.
    """
    folder = cache_directory() / "peers" / "face-api"
    launcher = folder / "node"
    wanted = PACKAGES.read_text(encoding="utf-8")
    done = folder / "installed.json"
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return launcher
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise FileNotFoundError("no node or npm here: install Node.js 20 with npm")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGES, folder / "package.json")
    subprocess.run(  # noqa: S603 - constants
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        check=True,
        stdout=sys.stderr,
    )
    modules = shlex.quote(str(folder / "node_modules"))
    launcher.write_text(f'#!/bin/sh\nNODE_PATH={modules} exec {shlex.quote(node)} "$@"\n')
    launcher.chmod(0o755)
    write_text(done, wanted)
    return launcher


if __name__ == "__main__":
    print(install())
