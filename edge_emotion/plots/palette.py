"""Colours of the report and its plots, for light and for dark displays."""

from __future__ import annotations

INK, MUTED, RULE, SURFACE = "#1a1d21", "#5c6570", "#d5d9de", "#ffffff"
SERIES = ("#1f5fbf", "#c2410c", "#0f766e", "#7e3ba8", "#8a6100", "#b0246b", "#4b5563")
"""Each at least 4.5:1 against white; the dark theme has its own of the same hue."""

_DARK = {
    INK: "#e8eaed",
    MUTED: "#a3abb5",
    RULE: "#3a4048",
    SURFACE: "#14171a",
    **dict(
        zip(
            SERIES,
            ("#7fb0ff", "#ff9d5c", "#4fd1c5", "#cfa3f5", "#e3b341", "#ff8fc0", "#b6bec9"),
            strict=True,
        )
    ),
}
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    SURFACE: "--surface",
    **{colour: f"--series-{number}" for number, colour in enumerate(SERIES)},
}
"""Colour in the light theme → CSS custom property that stands for it."""


def theme() -> str:
    """CSS custom properties of every colour in use, for light and for dark displays."""
    light = ";".join(f"{name}:{colour}" for colour, name in VARIABLES.items())
    dark = ";".join(f"{VARIABLES[colour]}:{other}" for colour, other in _DARK.items())
    return f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
