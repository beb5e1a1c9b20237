"""Photographs that scikit-image brings, without importing it: its own needs stay uninstalled."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click


def photograph(name: str) -> Path:
    """A picture of scikit-image's data folder.

    Raises:
        click.ClickException: scikit-image is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise click.ClickException(
            "scikit-image is not installed: pip install --no-deps scikit-image"
        )
    return Path(spec.origin).parent / "data" / name
