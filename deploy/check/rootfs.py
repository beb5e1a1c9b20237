"""A fresh Debian in a folder: where a page is followed, or a wheel meets another processor."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLONE = "/srv/edge-emotion"


@dataclass(frozen=True)
class Debian:
    """Which Debian, and what of this machine it may see.

    Args:
        suite: its name, as bookworm.
        mirror: where it comes from; None for debootstrap's own.
        lent: files and folders of this machine that are mounted in it, as pip's configuration.
        architecture: Debian's name of a processor; None for this machine's.
    """

    suite: str
    mirror: str | None
    lent: tuple[Path, ...]
    architecture: str | None = None

    @contextmanager
    def unpacked(self) -> Iterator[Path]:
        """Its new root file system, with a clone in it; unmounted and removed in the end.

        Raises:
            subprocess.CalledProcessError: debootstrap, mount or git failed.
        """
        with tempfile.TemporaryDirectory(prefix="debian-") as folder, ExitStack() as unwind:
            root = Path(folder)
            root.chmod(0o755)  # a service is another user
            command = ["debootstrap", "--variant=minbase", "--include=ca-certificates,sudo"]
            if self.architecture:
                command.append(f"--arch={self.architecture}")
            command += [self.suite, str(root), *([self.mirror] if self.mirror else [])]
            subprocess.run(command, check=True, stdout=sys.stderr)
            for source in (Path("/proc"), Path("/sys"), Path("/dev"), *self.lent):
                target = root / source.relative_to("/")
                if source.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.touch()
                subprocess.run(["mount", "--bind", source, target], check=True)
                unwind.callback(subprocess.run, ["umount", "--lazy", target], check=True)
            clone = root / CLONE.removeprefix("/")
            clone.mkdir(parents=True)
            archive = subprocess.run(
                ["git", "-C", ROOT, "archive", "HEAD"], check=True, stdout=subprocess.PIPE
            )
            subprocess.run(["tar", "-x", "-C", clone], input=archive.stdout, check=True)
            yield root


def parser_of(description: str | None, out: Path) -> argparse.ArgumentParser:
    """The options of every check in a fresh Debian."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--mirror", help="Of Debian; debootstrap's own where none is given.")
    parser.add_argument("--bind", type=Path, action="append", default=[], metavar="PATH")
    parser.add_argument("--out", type=Path, default=out)
    return parser


def inside(root: Path, line: str) -> float:
    """Run a shell command in the clone of a root file system; how many seconds it took.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    start = time.monotonic()
    print(f"$ {line}", file=sys.stderr, flush=True)
    subprocess.run(
        ["chroot", root, "sh", "-ec", f"cd {CLONE}\n{line}"],
        check=True,
        stdout=sys.stderr,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        | {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "QEMU_"))},
    )
    return round(time.monotonic() - start, 1)
