"""What ``deploy triton`` writes, served by Triton itself and asked over KServe v2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the onnx package to write graphs")
onnxruntime = pytest.importorskip("onnxruntime")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from edge_emotion.artifact import resolve_model  # noqa: E402
from edge_emotion.data import SYNTHETIC, Split, load_dataset  # noqa: E402
from edge_emotion.emotions import LABELS  # noqa: E402
from edge_emotion.export.serving import write_triton_repository  # noqa: E402
from tests.conftest import RunCli  # noqa: E402
from tests.real.triton_server import serving  # noqa: E402

pytestmark = pytest.mark.real

CLIENT = Path(__file__).parents[2] / "deploy" / "triton" / "client.py"
FACES = 3


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_triton_repository(resolve_model("small"), folder)
    return folder


@pytest.fixture(scope="module")
def triton(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(repository, tmp_path_factory.mktemp("triton")) as address:
        yield address


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Crops of faces, as files."""
    folder = tmp_path_factory.mktemp("faces")
    drawn = load_dataset(SYNTHETIC, Split.PUBLIC).images[:FACES]
    paths = [folder / f"{number}.png" for number in range(FACES)]
    assert all(cv2.imwrite(str(path), face) for path, face in zip(paths, drawn, strict=True))
    return paths


def ask(address: str, face: Path, *options: str | Path) -> tuple[str, float]:
    """What the client example prints."""
    pytest.importorskip("geventhttpclient", reason="needs tritonclient[http]")
    command = [sys.executable, CLIENT, face, "--url", address, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    label, probability = done.stdout.split()
    return label, float(probability)


def test_the_client_says_what_the_command_line_says(
    triton: str, faces: list[Path], run_cli: RunCli
) -> None:
    options = ("--model", "small", "--backend", "onnxruntime", "--detector", "none", "--json")
    run = run_cli("predict", *faces, *options)
    assert run.returncode == 0, run.stderr
    for path, image in zip(faces, json.loads(run.stdout)["images"], strict=True):
        (face,) = image["faces"]
        label, probability = ask(triton, path)
        assert label == face["emotion"]
        assert probability == pytest.approx(face["probability"], abs=1e-3)


def test_a_server_that_tells_no_temperature_is_given_the_manifest(
    triton: str, faces: list[Path]
) -> None:
    manifest = resolve_model("small").path
    manifest = manifest.with_name(f"{manifest.name}.json")
    assert ask(triton, faces[0], "--manifest", manifest) == ask(triton, faces[0])


def test_the_ensemble_takes_pictures_of_any_size(
    triton: str, repository: Path, faces: list[Path], tmp_path: Path
) -> None:
    gray = cv2.imread(str(faces[0]), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    picture = cv2.cvtColor(cv2.resize(gray, (144, 96)), cv2.COLOR_GRAY2BGR)
    cv2.imwrite(str(tmp_path / "picture.png"), picture)
    crop = onnxruntime.InferenceSession(repository / "small_crop" / "1" / "model.onnx")
    model = onnxruntime.InferenceSession(repository / "small" / "1" / "model.onnx")
    (cropped,) = crop.run(None, {"pictures": picture[None]})
    (logits,) = model.run(None, {"faces": cropped})[0]
    scaled = np.exp(logits / resolve_model("small").manifest.temperature)
    label, probability = ask(triton, tmp_path / "picture.png", "--model", "small_pictures")
    assert label == LABELS[int(logits.argmax())]
    assert probability == pytest.approx(float(scaled.max() / scaled.sum()), abs=1e-3)


def test_the_server_gives_labels_and_batches(triton: str) -> None:
    drawn = load_dataset(SYNTHETIC, Split.PUBLIC).images[:FACES]
    request = {
        "inputs": [
            {
                "name": "faces",
                "shape": [FACES, 1, 48, 48],
                "datatype": "UINT8",
                "data": drawn.ravel().tolist(),
            }
        ],
        "outputs": [{"name": "logits", "parameters": {"classification": 1}}],
    }
    answer = httpx.post(f"http://{triton}/v2/models/small/infer", json=request, timeout=30)
    assert answer.status_code == 200, answer.text
    (output,) = answer.json()["outputs"]
    assert len(output["data"]) == FACES
    for entry in output["data"]:
        _, position, label = entry.split(":")
        assert LABELS[int(position)] == label


def test_a_face_of_another_size_is_refused(triton: str) -> None:
    tensor = {"name": "faces", "shape": [1, 1, 2, 2], "datatype": "UINT8", "data": [0] * 4}
    answer = httpx.post(f"http://{triton}/v2/models/small/infer", json={"inputs": [tensor]})
    assert answer.status_code == 400
    assert "faces" in answer.json()["error"]
