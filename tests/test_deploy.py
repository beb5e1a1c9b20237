"""What the deployment files ask of the command line exists there."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from edge_emotion.artifact import resolve_model
from edge_emotion.cli.camera import command
from tests.scripts import load_script

DEPLOY = Path(__file__).parents[1] / "deploy"
ROOT = DEPLOY.parent
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


def instructions(board: str) -> dict[str, list[str]]:
    """Those of a Dockerfile, continued lines joined: instruction → what it was given, in order."""
    text = (DEPLOY / board / "Dockerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for name, rest in re.findall(r"^([A-Z]+) +(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(rest)
    return found


def test_the_image_is_given_arguments_that_exist() -> None:
    (line,) = (each for each in instructions("openvino")["CMD"] if each.startswith("["))
    program, *arguments = ast.literal_eval(line)
    assert program == "camera"
    understood(arguments)


@pytest.mark.parametrize("board", ["openvino", "jetson"])
def test_an_image_runs_without_root_on_what_is_copied(board: str) -> None:
    found = instructions(board)
    assert found["FROM"] == ["${BASE} AS build", "${BASE}"], "what a digest pins is all of it"
    assert found["USER"] == ["edge-emotion"]
    assert '"/var/cache/edge-emotion"' in found["VOLUME"][0]
    assert any("EDGE_EMOTION_CACHE=/var/cache/edge-emotion" in line for line in found["ENV"])
    allowed = (DEPLOY / board / "Dockerfile.dockerignore").read_text().splitlines()
    for line in found["COPY"]:
        if not line.startswith("--from="):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in allowed, source


@pytest.fixture(scope="module")
def start() -> ModuleType:
    return load_script(DEPLOY / "jetson" / "start.py")


def test_the_jetson_image_starts_a_camera() -> None:
    found = instructions("jetson")
    assert "BASE" in found["ARG"], "no default: the board's JetPack decides"
    assert ast.literal_eval(found["ENTRYPOINT"][0])[1] == "/opt/edge-emotion/start.py"
    understood(ast.literal_eval(found["CMD"][-1]))


def test_an_engine_is_kept_for_a_board_a_tensorrt_and_a_model(start: ModuleType) -> None:
    small, tiny = resolve_model("small"), resolve_model("tiny")
    kept = {
        start.folder_of(model, board, capability, version)
        for model in (small, tiny)
        for board in ("Orin", "Thor")
        for capability in ("8.7", "11.0")
        for version in ("10.3.0", "10.16.0")
    }
    assert len(kept) == 16
    orin = start.folder_of(small, "NVIDIA Jetson Orin Nano", "8.7", "10.3.0")
    assert orin.name.startswith("nvidia-jetson-orin-nano-sm8.7-tensorrt-10.3.0-")
    assert small.manifest.sha256.startswith(orin.name.rpartition("-")[2])


def test_a_whole_engine_is_taken_and_a_damaged_one_is_not(
    start: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.engine_in(tmp_path) is None
    small = resolve_model("small")
    engine = tmp_path / "small.tensorrt.sm87.engine"
    engine.write_bytes(b"kernels")
    manifest = small.manifest.model_dump(mode="json") | {
        "format": "tensorrt",
        "sha256": hashlib.sha256(b"kernels").hexdigest(),
        "companions": {},
    }
    engine.with_name(f"{engine.name}.json").write_text(json.dumps(manifest))
    assert start.engine_in(tmp_path) == engine
    assert start.find_or_build(small, tmp_path, "8.7") == engine
    engine.write_bytes(b"kernel")
    assert start.engine_in(tmp_path) is None
    assert "warning: " in capsys.readouterr().err


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


def test_the_page_tells_what_the_check_on_arm_found() -> None:
    found = json.loads((DEPLOY / "check" / "arm64.json").read_text())
    text = " ".join((DEPLOY / "README.md").read_text().split())
    assert found["inside"]["machine"] == "aarch64"
    assert found["failed"] == []
    assert f"the demo and {found['tests']['passed']:,} unit tests" in text
    beside = found["openvino_beside_onnxruntime"]
    assert f"answers {beside['same_class']} of {beside['faces']} faces" in text


def test_the_check_on_arm_counts_every_end_of_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(DEPLOY / "check"))
    counts = load_script(DEPLOY / "check" / "arm64.py").counts
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="passes"/>'
        '<testcase classname="a" name="skips"><skipped/></testcase>'
        '<testcase classname="a" name="fails"><failure/></testcase>'
        '<testcase classname="a" name="breaks"><error/></testcase></testsuite></testsuites>'
    )
    assert counts(report) == ({"passed": 1, "failed": 2, "skipped": 1}, ["a::fails", "a::breaks"])
