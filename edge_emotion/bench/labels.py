"""Put the names of points beside them without letting one cover another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_CHARACTER, _LINE = 6.1, 13.0
"""Generous width of a character and height of a line at 11 pixels."""
_GAP, _CLEARANCE = 10.0, 6.0
_CROSSED = 0.15
"""Share of a label that lines may cross or that may lie outside."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in pixels."""


@dataclass(frozen=True)
class Label:
    """A text with its anchor in pixels: the middle of its left or right edge, or its centre."""

    text: str
    x: float
    y: float
    align: str


def place(
    at: Sequence[Sequence[float]], texts: Sequence[str], area: Box, lines: Sequence[Box] = ()
) -> list[Label | None]:
    """Choose for each point a place around it that is near and free.

    Args:
        at: pixel positions of the points, y upwards.
        texts: a name each; may have several lines.
        area: what the labels should stay within.
        lines: horizontal and vertical lines that labels should not cross.

    Returns:
        A label for each point in their order, ``None`` where it would be hard to read.
    """
    taken: list[Box] = [_padded((x, y, x, y), _CLEARANCE) for x, y in at]
    strokes = [_padded(line, 1.0) for line in lines]
    labels: list[Label | None] = []
    for (x, y), text in zip(at, texts, strict=True):
        label = _best(_places(x, y, text), y, taken, strokes, area)
        labels.append(label)
        if label is not None:
            taken.append(_box(label))
    return labels


def _best(
    options: Sequence[Label], y: float, taken: Sequence[Box], strokes: Sequence[Box], area: Box
) -> Label | None:
    """Of those that cover neither a point nor a label, the nearest that lines hardly cross.

    A pixel farther from the point is as bad as a pixel hidden.
    """
    found, least = None, float("inf")
    for option in options:
        box = _box(option)
        if any(_overlap(box, other) for other in taken):
            continue
        hidden = _hidden(box, strokes, area)
        cost = hidden + abs(option.y - y)
        if hidden <= _CROSSED * _overlap(box, box) and cost < least:
            found, least = option, cost
    return found


def _places(x: float, y: float, text: str) -> list[Label]:
    rows = text.count("\n") + 1
    options = []
    for step in range(7):
        for direction in (1, -1) if step else (1,):
            shift = direction * step * _LINE
            options += [
                Label(text, x + _GAP, y + shift, "left"),
                Label(text, x - _GAP, y + shift, "right"),
            ]
            if step >= rows:
                options.append(Label(text, x, y + shift + direction * 6, "center"))
    return options


def _box(label: Label) -> Box:
    lines = label.text.split("\n")
    width = _CHARACTER * max(map(len, lines))
    half = _LINE * len(lines) / 2
    left = label.x - {"left": 0.0, "center": width / 2, "right": width}[label.align]
    return (left, label.y - half, left + width, label.y + half)


def _padded(box: Box, margin: float) -> Box:
    left, bottom, right, top = box
    return (left - margin, bottom - margin, right + margin, top + margin)


def _hidden(box: Box, strokes: Sequence[Box], area: Box) -> float:
    """Pixels hidden; what lies outside of the area counts as hidden too."""
    own = (box[2] - box[0]) * (box[3] - box[1])
    return sum(_overlap(box, other) for other in strokes) + own - _overlap(box, area)


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)
