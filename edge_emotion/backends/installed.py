"""Is a runtime installed, and if not, what installs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from edge_emotion.errors import BackendUnavailable


def missing(module: str, install: str) -> str | None:
    """Why ``module`` cannot be imported, or ``None``; found out without importing it.

    Args:
        module: its full name.
        install: what installs it, as a command or a phrase.
    """
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # the package around it is missing
        found = None
    return None if found else f"{module} is not installed: {install}"


def import_runtime(module: str, install: str) -> ModuleType:
    """Import a runtime.

    Raises:
        BackendUnavailable: it is not installed, or its shared libraries cannot be loaded.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        raise BackendUnavailable(f"{module} cannot be imported: {error}", install) from error


@contextmanager
def hidden(module: str) -> Iterator[None]:
    """Let imports of ``module`` fail meanwhile, unless it is imported already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
