"""Versions of models on their way to devices: packed, pulled, tried, taken into use."""

from __future__ import annotations
