"""What the deployment files ask of the command line exists there."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

from edge_emotion.cli.camera import command

DEPLOY = Path(__file__).parents[1] / "deploy"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))


def understood(arguments: list[str]) -> None:
    """Parse them as the command does; an unknown option raises."""
    assert arguments
    with command.make_context("camera", list(arguments)) as context:
        assert context.params["sources"]


def test_the_service_is_given_arguments_that_exist() -> None:
    settings = (DEPLOY / "systemd" / "environment").read_text()
    line = re.search(r"^EDGE_EMOTION_ARGUMENTS=(.*)$", settings, re.MULTILINE)
    assert line is not None
    started = re.search(
        r"^ExecStart=\S+ camera (.*)\$EDGE_EMOTION_ARGUMENTS$",
        (DEPLOY / "systemd" / "edge-emotion.service").read_text(),
        re.MULTILINE,
    )
    assert started is not None
    understood(started[1].split() + line[1].split())


def test_the_image_is_given_arguments_that_exist() -> None:
    line = re.search(
        r"^CMD (\[.*\])$", (DEPLOY / "openvino" / "Dockerfile").read_text(), re.MULTILINE
    )
    assert line is not None
    program, *arguments = ast.literal_eval(line[1])
    assert program == "camera"
    understood(arguments)


def test_the_composition_is_given_arguments_that_exist() -> None:
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load((DEPLOY / "openvino" / "compose.yaml").read_text())
    service = document["services"]["edge-emotion"]
    program, *arguments = service["command"]
    assert program == "camera"
    understood(arguments)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert (DEPLOY / "openvino" / service["build"]["context"]).resolve() == DEPLOY.parent


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_scripts_parse_and_refuse_what_they_do_not_know(script: Path) -> None:
    checked = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_a_dry_run_changes_nothing() -> None:
    places = [Path("/opt/edge-emotion"), Path("/etc/edge-emotion")]
    before = [place.exists() for place in places]
    for script in (DEPLOY / "install.sh", DEPLOY / "uninstall.sh"):
        done = subprocess.run(
            ["sh", script, "--dry-run"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert all(line.startswith("+ ") for line in done.stdout.splitlines() if "rm -rf" in line)
    assert [place.exists() for place in places] == before
    wrong = subprocess.run(
        ["sh", DEPLOY / "install.sh", "--force"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "usage:" in wrong.stderr


def test_the_page_tells_what_the_check_measured() -> None:
    found = json.loads((DEPLOY / "check" / "debian.json").read_text())
    told = re.search(r"frame after at most ([\d.]+) seconds", (DEPLOY / "README.md").read_text())
    assert told is not None
    assert float(told[1]) == round(max(found["back_after_seconds"]), 1)
    assert found["kills"] == len(found["back_after_seconds"]) == 10
    assert found["left_after_purge"] == []
