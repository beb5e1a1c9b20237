"""The SBOM of what a device gets, and the check of its licences, on the real packages' metadata."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cyclonedx_py", reason="needs the extra dev")
pytest.importorskip("license_expression", reason="needs the extra dev")

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CHECK = ROOT / "deploy" / "check" / "licences.py"
EXTRAS = ("cpu", "mqtt", "report", "serve", "signing", "video")


def what_a_device_gets() -> set[str]:
    """The packages that these extras ask for, and those ask for, as installed here."""
    found: set[str] = set()
    waiting = [("edge-emotion", ("", *EXTRAS))]
    while waiting:
        name, extras = waiting.pop()
        for line in requires(name) or []:
            wanted = Requirement(line)
            here = wanted.marker is None or any(
                wanted.marker.evaluate({"extra": extra}) for extra in extras
            )
            if here and canonicalize_name(wanted.name) not in found:
                found.add(canonicalize_name(wanted.name))
                waiting.append((wanted.name, ("", *wanted.extras)))
    return found


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ``make sbom`` writes it, of an environment that holds the metadata of those packages."""
    folder = tmp_path_factory.mktemp("sbom")
    try:
        names = what_a_device_gets()
    except PackageNotFoundError as missing:
        pytest.skip(f"{missing} is not installed")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    for name in names:
        metadata = Path(distribution(name)._path)
        (site / metadata.name).symlink_to(metadata)
    path = folder / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--no-validate"]  # a test does
    given = ["--pyproject", ROOT / "pyproject.toml", "-o", path, environment / "bin" / "python"]
    subprocess.run([*command, *given], check=True)
    return path


def check(document: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "sbom.json"
    path.write_text(json.dumps(document))
    command = [sys.executable, CHECK, path, "--out", folder / "licences.md"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def component(name: str, *licences: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1", "licenses": list(licences)}


def test_the_sbom_follows_its_schema_and_holds_what_is_installed(sbom: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = sbom.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    assert document["metadata"]["component"]["name"] == "edge-emotion"
    names = {canonicalize_name(each["name"]) for each in document["components"]}
    assert names == what_a_device_gets()
    assert {"numpy", "openvino", "onnxruntime", "opencv-python", "fastapi", "av"} <= names
    assert "torch" not in names


def test_every_licence_of_it_was_looked_at(sbom: Path, tmp_path: Path) -> None:
    done = check(json.loads(sbom.read_text()), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = (tmp_path / "licences.md").read_text()
    assert "x264" in report
    assert "| fastapi |" in report


@pytest.mark.parametrize(
    "licences",
    [
        [],
        [{"license": {"id": "GPL-3.0-only"}}],
        [{"license": {"name": "License :: Other/Proprietary License"}}],
        [{"license": {"name": "see the website"}}],
        [{"expression": "MIT AND AGPL-3.0-or-later"}],
        [{"license": {"id": "MIT"}}, {"license": {"id": "LGPL-2.1-only"}}],
    ],
    ids=["none", "copyleft", "proprietary", "words", "both", "two"],
)
def test_what_nobody_looked_at_fails(licences: list[dict[str, Any]], tmp_path: Path) -> None:
    done = check({"components": [component("new", *licences)]}, tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("error: new 1 is ")


def test_a_choice_with_a_permissive_licence_in_it_passes(tmp_path: Path) -> None:
    chosen = component("chosen", {"expression": "EPL-2.0 OR BSD-3-Clause"})
    assert check({"components": [chosen]}, tmp_path).returncode == 0


def test_a_package_that_was_looked_at_must_still_be_what_it_was(tmp_path: Path) -> None:
    changed = component("certifi", {"license": {"id": "GPL-3.0-only"}})
    assert check({"components": [changed]}, tmp_path).returncode == 1
