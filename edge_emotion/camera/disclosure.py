"""What those who are seen, and those who look on, are told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disclosure:
    """Told by every picture that is shown and by the page.

    Args:
        notice: a line that is drawn on every picture. The European Union's AI Act demands that
            people are informed of a system that reads their emotions (Regulation (EU) 2024/1689,
            Art. 50(3)).
        faces_hidden: whether faces are hidden in pictures; said on the page.
    """

    notice: str | None = None
    faces_hidden: bool = False


NOTHING = Disclosure()
