"""Read the licences of a CycloneDX SBOM, write a report, and exit 1 on one that nobody looked at.

    make sbom
    python deploy/check/licences.py sbom.json --out licences.md

Permissive licences pass. Copyleft, proprietary and unknown ones pass only for a package that is
named here with a reason, and the report repeats the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from license_expression import LicenseSymbol, get_spdx_licensing

PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "HPND", "ISC",
    "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class LookedAt:
    """What may be said of a package that is not permissive by name.

    Args:
        licence: what it may say of itself.
        reason: why that will do.
    """

    licence: str
    reason: str


LOOKED_AT = {
    "certifi": LookedAt("MPL-2.0", "a list of certificates, handed on unchanged"),
    "protobuf": LookedAt(UNKNOWN, "BSD-3-Clause by the LICENSE file in its wheel"),
    "sigstore-models": LookedAt(UNKNOWN, "MIT by the LICENSE file in its wheel"),
}
"""Packages whose licence is not permissive by name, and has been read."""

BUNDLED = {
    "av": "its wheel holds FFmpeg linked with x264 and x265, which are GPL-2.0-or-later",
    "opencv-python": "its wheel holds FFmpeg (LGPL-2.1-or-later) and Qt 5 (LGPL-3.0-only)",
    "numpy": "its wheel holds libgfortran (GPL-3.0-or-later with the GCC runtime exception)",
}
"""What wheels hold beside what their metadata tells; the terms bind who hands the wheels on."""


@dataclass(frozen=True)
class Row:
    """One package of the report.

    Args:
        name: as its distribution is called.
        version: which one.
        licence: an SPDX expression, or ``unknown``.
        accepted: whether it is permissive, or was looked at.
        note: what there is to know.
    """

    name: str
    version: str
    licence: str
    accepted: bool
    note: str


def read_rows(document: dict[str, Any]) -> list[Row]:
    """The packages of an SBOM, by name."""
    components = sorted(document["components"], key=lambda each: each["name"].lower())
    return [_row(component) for component in components]


def _row(component: dict[str, Any]) -> Row:
    name = component["name"]
    licence = " AND ".join(sorted(set(_licences(component)))) or UNKNOWN
    known = LOOKED_AT.get(name.lower())
    looked_at = known is not None and known.licence == licence
    notes = [known.reason] if known is not None and looked_at else []
    notes += [BUNDLED[name.lower()]] if name.lower() in BUNDLED else []
    accepted = looked_at or is_permissive(licence)
    return Row(name, component["version"], licence, accepted, "; ".join(notes))


def _licences(component: dict[str, Any]) -> Iterator[str]:
    for entry in component.get("licenses", []):
        if "expression" in entry:
            yield f"({entry['expression']})" if " " in entry["expression"] else entry["expression"]
        else:
            stated = entry["license"].get("id") or entry["license"]["name"]
            yield CLASSIFIERS.get(stated, stated)


def is_permissive(licence: str) -> bool:
    """Whether an SPDX expression can be met by permissive licences alone."""
    try:
        return _holds(get_spdx_licensing().parse(licence, validate=True))
    except Exception:  # noqa: BLE001 - whatever is no expression is unknown
        return False


def _holds(expression: Any) -> bool:
    if isinstance(expression, LicenseSymbol):
        return expression.key in PERMISSIVE
    enough = any if expression.operator.strip() == "OR" else all
    return enough(_holds(part) for part in expression.args)


def render(rows: list[Row]) -> str:
    """The report as Markdown."""
    lines = ["| package | version | licence | note |", "|---|---|---|---|"]
    lines += [f"| {row.name} | {row.version} | {row.licence} | {row.note} |" for row in rows]
    return "\n".join(["# Licences of what a device gets", "", *lines, ""])


def main() -> None:
    """Write the report; exit 1 where a licence was not looked at."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sbom", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = read_rows(json.loads(given.sbom.read_text(encoding="utf-8")))
    given.out.write_text(render(rows), encoding="utf-8")
    refused = [row for row in rows if not row.accepted]
    for row in refused:
        print(
            f"error: {row.name} {row.version} is {row.licence}; read it, and name it in LOOKED_AT"
        )
    sys.exit(1 if refused else 0)


if __name__ == "__main__":
    main()
