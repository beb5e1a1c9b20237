"""An audit's findings as pictures: one HTML file that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

import cv2
import numpy as np

from edge_emotion.data.audit import Audit, Group
from edge_emotion.data.duplicates import BLANK_DEVIATION, NEAR_RMS

_SHOWN = 300
"""Groups or blank faces drawn in a section; the JSON names all."""

_TEMPLATE = Path(__file__).with_name("contact_sheet.html")


def render_sheet(audit: Audit) -> str:
    """The page: counts, then the faces of each kind of finding."""
    blank = tuple((int(row),) for row in np.flatnonzero(audit.blank))
    leaking = [group for group in audit.groups if group.across]
    disagreeing = [group for group in audit.groups if group.contradictory and not group.across]
    repeating = [group for group in audit.groups if not (group.across or group.contradictory)]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Audit of {audit.source}"),
        sha256=escape(audit.sha256),
        explanation=(
            f"Near faces differ by at most {NEAR_RMS:g} grey levels (root mean square); blank ones "
            f"have a standard deviation below {BLANK_DEVIATION:g}. Hover over a face for its path."
        ),
        tables=_within(audit) + _across(audit),
        sheets="\n".join(
            [
                _sheet("In several splits", audit, _rows(leaking)),
                _sheet("Same picture, different labels", audit, _rows(disagreeing)),
                _sheet("Blank", audit, blank),
                _sheet("Repeated with the same label", audit, _rows(repeating)),
            ]
        ),
    )


def _rows(groups: Sequence[Group]) -> list[tuple[int, ...]]:
    return [group.rows for group in groups]


def _within(audit: Audit) -> str:
    rows = [
        (split.value, kind, found.groups, found.images, found.contradictory)
        for split, near in audit.near.items()
        for kind, found in (("identical", audit.identical[split]), ("near or identical", near))
    ]
    return _table(("split", "likeness", "groups", "images", "groups with several labels"), rows)


def _across(audit: Audit) -> str:
    rows = [
        (f"{leak.split.value} in {leak.other.value}", leak.images, leak.identical, leak.near)
        for leak in audit.leaks
    ]
    return _table(("leak", "images", "identical", "near or identical"), rows) if rows else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    def line(cells: Sequence[object], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(str(cell))}</{tag}>' for cell in cells)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(header, 'th')}</thead><tbody>{body}</tbody></table>"


def _sheet(heading: str, audit: Audit, groups: Sequence[tuple[int, ...]]) -> str:
    left = len(groups) - _SHOWN
    more = f"<p>{left:,} more are named in audit.json.</p>" if left > 0 else ""
    drawn = "\n".join(_group(audit, rows) for rows in groups[:_SHOWN])
    title = f"<h2>{escape(heading)}: {len(groups):,}</h2>"
    return f'<section>{title}<div class="sheet">\n{drawn}\n</div>{more}</section>'


def _group(audit: Audit, rows: tuple[int, ...]) -> str:
    labels = {audit.face(row)["label"] for row in rows}
    kind = "group disagrees" if len(labels) > 1 else "group"
    return f'<div class="{kind}">{"".join(_figure(audit, row) for row in rows[:_SHOWN])}</div>'


def _figure(audit: Audit, row: int) -> str:
    face = audit.face(row)
    png = b64encode(bytes(cv2.imencode(".png", audit.table.images[row])[1])).decode()
    image = f'<img src="data:image/png;base64,{png}" alt="" title="{escape(face["path"])}">'
    caption = escape(f"{face['label']} · {face['split']}")
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
