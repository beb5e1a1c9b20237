"""Classifiers to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from tests.backends.classifiers import place


@pytest.fixture
def int8(tmp_path: Path) -> Artifact:
    """A quantised classifier, in both encodings side by side; this is the ``cpu`` one."""
    place(tmp_path, "tensorrt")
    return place(tmp_path, "cpu")


@pytest.fixture
def fp32(tmp_path: Path) -> Artifact:
    """The classifier in floating point."""
    return place(tmp_path, "none")
