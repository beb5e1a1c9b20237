"""How many frames a second."""

from __future__ import annotations

USUAL_RATE = 25.0
"""Frames per second assumed of a source that states none."""
