"""README shows what was measured, and links to what exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINKS = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_tables_equal_the_measured_results() -> None:
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "readme.py"), "--check"], check=True)


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_what_is_said_of_steadied_labels_is_what_was_measured() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    raw, steadied = json.loads((ROOT / "benchmarks/results/decision.json").read_text())["rows"][:2]
    flicker = f"{steadied['flicker_per_minute']:.1f} times a minute"
    assert f"{flicker} instead of {raw['flicker_per_minute']:.0f};" in text
    assert f"a real change shows after {steadied['delay_seconds']['p50']:.2f} s" in text
