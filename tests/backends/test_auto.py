"""The backend that is chosen when the user names none."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import get_backend
from edge_emotion.backends.auto import choose_backend
from edge_emotion.backends.machine import installed_as, processor
from edge_emotion.errors import BackendError, BackendUnavailable
from tests.backends.classifiers import unverified

CPU_BACKENDS = ("openvino", "onnxruntime")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in CPU_BACKENDS:
        if reason := get_backend(name).unavailable_reason():
            pytest.skip(reason)
    folder = tmp_path / "cache"
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(folder))
    return folder


def choice_file(cache: Path) -> Path:
    (path,) = (cache / "backends").iterdir()
    return path


def measured(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether something was measured since the last look."""
    told = any("measured on one face" in record.getMessage() for record in caplog.records)
    caplog.clear()
    return told


def test_the_first_use_measures_and_tells_the_second_does_neither(
    int8: Artifact, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = choose_backend(int8, 1)
    (record,) = caplog.records
    assert record.levelno >= logging.WARNING, "so that it reaches stderr unasked"
    assert all(name in record.getMessage() for name in CPU_BACKENDS)
    assert measured(caplog)

    kept = json.loads(choice_file(own_cache).read_bytes())
    assert kept["backend"] == first.name == min(kept["median_ns"], key=kept["median_ns"].get)
    assert set(kept["median_ns"]) == set(CPU_BACKENDS)

    assert choose_backend(int8, 1).name == first.name
    assert not measured(caplog)


def test_the_kept_choice_is_obeyed(int8: Artifact, own_cache: Path) -> None:
    """Whichever was faster: what counts from now on is what the file says."""
    choose_backend(int8, 1)
    path = choice_file(own_cache)
    kept = json.loads(path.read_bytes())
    for name in CPU_BACKENDS:
        path.write_text(json.dumps(kept | {"backend": name}))
        assert choose_backend(int8, 1).name == name


def test_another_model_or_thread_count_is_measured_again(
    int8: Artifact, fp32: Artifact, caplog: pytest.LogCaptureFixture
) -> None:
    for artifact, threads in ((int8, 1), (fp32, 1), (int8, 2)):
        choose_backend(artifact, threads)
        assert measured(caplog)


def test_another_version_is_measured_again(
    int8: Artifact, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_backend(int8, 1)
    assert measured(caplog)
    monkeypatch.setattr(
        "edge_emotion.backends.auto.installed_as", lambda module: [f"{module}-99.dist-info"]
    )
    choose_backend(int8, 1)
    assert measured(caplog)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"backend": "openvino"}', b"\xff\xfe"])
def test_a_damaged_choice_is_measured_again(
    int8: Artifact, own_cache: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    choose_backend(int8, 1)
    path = choice_file(own_cache)
    whole = json.loads(path.read_bytes())
    path.write_bytes(damage)
    caplog.clear()
    choose_backend(int8, 1)
    assert measured(caplog)
    assert json.loads(path.read_bytes())["key"] == whole["key"]


def test_a_choice_of_a_backend_that_is_not_here_is_measured_again(
    int8: Artifact, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    choose_backend(int8, 1)
    path = choice_file(own_cache)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"backend": "tensorrt"}))
    caplog.clear()
    assert choose_backend(int8, 1).name in CPU_BACKENDS
    assert measured(caplog)


def test_a_cache_that_cannot_be_written_breaks_nothing(
    int8: Artifact, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own_cache.write_text("a file where the folder should be")
    for _ in range(2):
        assert choose_backend(int8, 1).name in CPU_BACKENDS
        assert measured(caplog)


def test_nothing_is_measured_where_there_is_no_choice(
    int8: Artifact, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ir = Artifact(int8.path, int8.manifest.model_copy(update={"format": "openvino"}))
    assert choose_backend(ir).name == "openvino"
    assert not measured(caplog)
    assert not own_cache.exists()


def test_a_format_that_nothing_here_runs(int8: Artifact) -> None:
    engine = Artifact(int8.path, int8.manifest.model_copy(update={"format": "tensorrt_rtx"}))
    if get_backend("tensorrt-rtx").unavailable_reason() is None:
        pytest.skip("this machine runs TensorRT-RTX")
    with pytest.raises(BackendUnavailable, match=r"no backend .* tensorrt-rtx: "):
        choose_backend(engine)


def test_a_model_that_no_runtime_takes(int8: Artifact, tmp_path: Path) -> None:
    broken = int8.path.read_bytes().replace(b"\x04Conv", b"\x04Cenv")
    with pytest.raises(BackendError, match="refused"):
        choose_backend(unverified(tmp_path / "broken.onnx", broken))


def test_versions_are_read_without_an_import() -> None:
    code = (
        "import sys; from edge_emotion.backends.machine import installed_as\n"
        "print(installed_as('openvino'), 'openvino' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "openvino-2" in run.stdout
    assert run.stdout.strip().endswith("False")
    assert installed_as("no_such_module") == []


def test_the_cores_belong_to_the_machine() -> None:
    everything = processor()
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        fewer = processor()
    finally:
        os.sched_setaffinity(0, allowed)
    assert everything[:-1] == fewer[:-1]
    assert (everything == fewer) == (len(allowed) == 1)
