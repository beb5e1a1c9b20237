"""A short campaign against every parser; ``python -m tests.fuzz.campaign`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from tests.fuzz.campaign import attack
from tests.fuzz.parsers import all_parsers, trained_parsers

INPUTS = 60
PARSERS = all_parsers()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", PARSERS)
def test_spoilt_bytes_end_in_one_line(name: str, tmp_path: Path) -> None:
    found = attack(PARSERS[name], INPUTS, 1, tmp_path / "findings")
    assert found.findings == []
    assert sum(found.outcomes.values()) == INPUTS


@pytest.mark.train
def test_spoilt_recipes_and_checkpoints_end_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for parser in trained_parsers().values():
        found = attack(parser, INPUTS, 1, tmp_path / "findings")
        assert found.findings == []
