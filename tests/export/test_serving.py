"""Folders for inference servers, by the servers' own schema, and what their graphs compute."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the onnx package to write graphs")
onnxruntime = pytest.importorskip("onnxruntime")

from edge_emotion.artifact import Artifact, resolve_model  # noqa: E402
from edge_emotion.data import SYNTHETIC, Split, load_dataset  # noqa: E402
from edge_emotion.emotions import LABELS  # noqa: E402
from edge_emotion.errors import UsageError  # noqa: E402
from edge_emotion.export.compile import compile_openvino  # noqa: E402
from edge_emotion.export.serving import (  # noqa: E402
    write_ovms_repository,
    write_triton_repository,
)
from tests.conftest import RunCli  # noqa: E402


def triton_schema() -> Any:
    """Triton's own messages; the client around them needs gRPC, which they do not."""
    package = importlib.util.find_spec("tritonclient")
    if package is None or package.origin is None:
        pytest.skip("needs tritonclient")
    path = Path(package.origin).parent / "grpc" / "model_config_pb2.py"
    spec = importlib.util.spec_from_file_location("model_config_pb2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configuration(folder: Path) -> Any:
    text_format = pytest.importorskip("google.protobuf.text_format")
    return text_format.Parse((folder / "config.pbtxt").read_text(), triton_schema().ModelConfig())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("repository")
    assert write_triton_repository(resolve_model("small"), out) == [
        "small", "small_crop", "small_pictures",
    ]  # fmt: skip
    return out


def test_triton_understands_every_model(repository: Path) -> None:
    for folder in repository.iterdir():
        found = configuration(folder)
        assert found.name == folder.name
        assert found.max_batch_size == 32
        assert (folder / "1").is_dir()
    model = configuration(repository / "small")
    assert model.backend == "onnxruntime"
    assert model.output[0].label_filename == "labels.txt"
    assert (repository / "small" / "labels.txt").read_text().split() == list(LABELS)
    assert model.HasField("dynamic_batching")


def test_the_steps_of_the_ensemble_fit_together(repository: Path) -> None:
    steps = configuration(repository / "small_pictures").ensemble_scheduling.step
    known = {"pictures"}
    for step in steps:
        inner = configuration(repository / step.model_name)
        assert set(step.input_map) == {each.name for each in inner.input}
        assert set(step.input_map.values()) <= known
        assert set(step.output_map) == {each.name for each in inner.output}
        known |= set(step.output_map.values())
    outer = configuration(repository / "small_pictures")
    assert {each.name for each in outer.output} <= known


def test_what_the_ensemble_computes_is_what_the_pipeline_does(repository: Path) -> None:
    faces = load_dataset(SYNTHETIC, Split.PUBLIC).images[:8]
    pictures = np.stack(
        [cv2.cvtColor(cv2.resize(face, (144, 144)), cv2.COLOR_GRAY2BGR) for face in faces]
    )
    crop = onnxruntime.InferenceSession(repository / "small_crop" / "1" / "model.onnx")
    model = onnxruntime.InferenceSession(repository / "small" / "1" / "model.onnx")
    (gray,) = crop.run(["faces"], {"pictures": pictures})
    shrunk = [
        cv2.resize(
            cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (48, 48), interpolation=cv2.INTER_AREA
        )
        for picture in pictures
    ]
    assert gray.shape == (8, 1, 48, 48)
    assert np.abs(gray[:, 0].astype(int) - np.stack(shrunk)).mean() < 4
    (logits,) = model.run(["logits"], {"faces": gray})
    (wanted,) = model.run(["logits"], {"faces": np.stack(shrunk)[:, None]})
    assert np.array_equal(logits.argmax(1), wanted.argmax(1))


def test_an_ir_for_triton_and_for_openvino_model_server(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    ir = compile_openvino(resolve_model("tiny"), tmp_path / "ir").artifact
    write_triton_repository(ir, tmp_path / "triton")
    assert configuration(tmp_path / "triton" / "tiny").backend == "openvino"
    assert write_ovms_repository(ir, tmp_path / "ovms") == "tiny"
    for server in ("triton", "ovms"):
        names = {path.name for path in (tmp_path / server / "tiny" / "1").iterdir()}
        assert names == {"model.xml", "model.bin"}
    (entry,) = json.loads((tmp_path / "ovms" / "config.json").read_text())["model_config_list"]
    assert entry["config"] == {"name": "tiny", "base_path": "/models/tiny"}


def test_what_no_server_runs_is_refused(tmp_path: Path) -> None:
    small = resolve_model("small")
    checkpoint = Artifact(small.path, small.manifest.model_copy(update={"format": "safetensors"}))
    for write in (write_triton_repository, write_ovms_repository):
        with pytest.raises(UsageError, match="cannot serve"):
            write(checkpoint, tmp_path)


def test_the_commands(run_cli: RunCli, tmp_path: Path) -> None:
    for server in ("triton", "ovms"):
        run = run_cli("deploy", server, "tiny", "--out", tmp_path / server)
        assert run.returncode == 0, run.stderr
        assert (tmp_path / server / "tiny" / "1" / "model.onnx").is_file()
