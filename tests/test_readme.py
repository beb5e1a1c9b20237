"""README shows what was measured, and links to what exists."""

from __future__ import annotations

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
