from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_emotion.artifact import Artifact, manifest_path
from edge_emotion.backends.onnxfile import MAX_BYTES, read_onnx
from edge_emotion.errors import ArtifactError
from tests.backends.classifiers import asset, unverified

WHOLE = asset("cpu").read_bytes()


@pytest.mark.parametrize("encoding", ["none", "cpu", "tensorrt"])
def test_a_good_file_comes_back_as_it_is(tmp_path: Path, encoding: str) -> None:
    content = asset(encoding).read_bytes()  # type: ignore[arg-type]
    assert read_onnx(unverified(tmp_path / "m.onnx", content)) == content


@pytest.mark.parametrize("length", [0, 1, 10, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_truncated_file_is_refused(tmp_path: Path, length: int) -> None:
    artifact = unverified(tmp_path / "m.onnx", WHOLE[:length])
    with pytest.raises(ArtifactError, match=r"m\.onnx") as refusal:
        read_onnx(artifact)
    assert "\n" not in str(refusal.value)


def test_a_truncated_file_does_not_pass_its_manifest(int8: Artifact) -> None:
    int8.path.write_bytes(WHOLE[:1000])
    with pytest.raises(ArtifactError, match="truncated or was changed"):
        Artifact.load(int8.path)


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not a whole ONNX file"):
        read_onnx(unverified(tmp_path / "m.onnx", b"PK\x03\x04" + bytes(range(256)) * 8))


def test_another_format_is_refused(int8: Artifact) -> None:
    engine = Artifact(int8.path, int8.manifest.model_copy(update={"format": "tensorrt"}))
    with pytest.raises(ArtifactError, match="no ONNX model"):
        read_onnx(engine)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    artifact = unverified(tmp_path / "m.onnx", WHOLE)
    os.truncate(artifact.path, MAX_BYTES + 1)
    with pytest.raises(ArtifactError, match="64 MiB"):
        read_onnx(artifact)


def test_a_vanished_file_is_one_line(int8: Artifact) -> None:
    int8.path.unlink()
    with pytest.raises(ArtifactError, match="cannot read"):
        read_onnx(int8)
    assert manifest_path(int8.path).exists()


@settings(max_examples=150, deadline=1000)
@given(st.data())
def test_damaged_bytes_give_the_file_back_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(WHOLE) - 1))] = data.draw(st.integers(0, 255))
    artifact = unverified(tmp_path_factory.mktemp("damaged") / "m.onnx", bytes(damaged))
    try:
        assert read_onnx(artifact) == bytes(damaged)
    except ArtifactError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - most damage goes unnoticed
