"""What every test may ask for. Nothing here imports torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_emotion.artifact import publish_manifest
from edge_emotion.data import SYNTHETIC, FaceSet, Split, load_dataset
from edge_emotion.emotions import LABELS
from tests.backends.classifiers import asset, describe

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


def shared_folder() -> Path:
    """Where data and models for tests lie that are not part of the repository."""
    return Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the test session's own, so that nothing outside it is read or written."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGE_EMOTION_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def fer2013() -> Path:
    """FER-2013 as Kaggle packs it."""
    configured = os.environ.get("EDGE_EMOTION_DATA")
    root = Path(configured) if configured else shared_folder() / "data"
    candidates = [root, root / "archive.zip", root / "fer2013" / "archive.zip"]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        pytest.skip("FER-2013 not found: set EDGE_EMOTION_DATA to its archive.zip")
    return found


@pytest.fixture(scope="session")
def yunet() -> Path:
    """YuNet's weights."""
    path = shared_folder() / "models" / "face_detection_yunet_2026may.onnx"
    if not path.is_file():
        pytest.skip(f"YuNet's weights are not in {path.parent}")
    return path


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """Grace Hopper, 512×600, one face."""
    from edge_emotion.camera.clip import HOPPER
    from edge_emotion.vision.image import read_image

    return read_image(HOPPER)


@pytest.fixture(scope="session")
def group(portrait: np.ndarray) -> np.ndarray:
    """Five faces of 60 to 150 pixels in 1280×720."""
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    places = ((20, 30, 560), (420, 60, 330), (700, 20, 240), (930, 100, 420), (700, 420, 270))
    for number, (x, y, height) in enumerate(places):
        width = height * portrait.shape[1] // portrait.shape[0]
        print_ = cv2.resize(portrait, (width, height), interpolation=cv2.INTER_AREA)
        print_ = print_[:, ::-1] if number % 2 else print_
        visible = canvas[y : y + height, x : x + width]
        visible[:] = print_[: visible.shape[0], : visible.shape[1]]
    return canvas


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small INT8 classifier with random weights."""
    path = tmp_path_factory.mktemp("model") / "classifier.cpu.onnx"
    shutil.copy(asset("cpu"), path)
    publish_manifest(path, describe(path, "cpu"))
    return path


@pytest.fixture(scope="session")
def synthetic() -> FaceSet:
    """The drawn training faces."""
    return load_dataset(SYNTHETIC, Split.TRAIN)


@pytest.fixture(scope="session")
def run_cli() -> RunCli:
    """Run ``edge-emotion`` as a user does, in a process of its own; text streams."""

    def run(
        *arguments: str | Path, timeout: float = 120, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edge_emotion", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | environment,
        )

    return run


@pytest.fixture(scope="session")
def make_folders(synthetic: FaceSet) -> Callable[..., Path]:
    """Write faces as Kaggle's folders do: ``<split>/<class>/<prefix>_<number><suffix>``."""

    def make(
        root: Path,
        splits: dict[str, str] | None = None,
        classes: tuple[str, ...] = LABELS,
        suffix: str = ".png",
    ) -> Path:
        for split, prefix in (splits or {"train": "Training", "test": "PublicTest"}).items():
            for label, folder in enumerate(classes):
                target = root / split / folder
                target.mkdir(parents=True)
                for number, face in enumerate(synthetic.images[synthetic.labels == label][:2]):
                    content = cv2.imencode(suffix.lower(), face)[1]
                    (target / f"{prefix}_{number}{suffix}").write_bytes(np.asarray(content))
        return root

    return make
