"""Looks over everything that the camera loop needs of a machine, and says how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge_emotion.camera.doctor.check import Check, Examination
from edge_emotion.camera.doctor.machine import machine_checks
from edge_emotion.camera.doctor.models import model_checks
from edge_emotion.camera.doctor.software import software_checks

__all__ = ["Check", "Examination", "examine"]

_ROOT = Path("/")


def examine(root: Path = _ROOT) -> Examination:
    """Check this machine.

    Args:
        root: where its system files are looked for.
    """
    return Examination(checks=tuple(_checks(root)))


def _checks(root: Path) -> Iterator[Check]:
    yield from software_checks()
    yield from model_checks()
    yield from machine_checks(root)
