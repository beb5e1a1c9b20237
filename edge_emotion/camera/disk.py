"""Stop writing before the disk is full."""

from __future__ import annotations

import shutil
from pathlib import Path

from edge_emotion.errors import OutputError

RESERVE_BYTES = 32 * 1024 * 1024
"""Disk space that must stay free: enough for the index of days of video, and to notice in time,
since OpenCV does not tell when a write failed."""


def refuse_full_disk(path: Path) -> None:
    """Make sure that ``path`` may still grow.

    Raises:
        OutputError: less than ``RESERVE_BYTES`` are free on its disk.
    """
    free = shutil.disk_usage(path.parent).free
    if free < RESERVE_BYTES:
        raise OutputError(
            f"cannot write {path}: only {free // 2**20} MiB are free on its disk",
            f"free at least {RESERVE_BYTES // 2**20} MiB, or choose another disk",
        )
