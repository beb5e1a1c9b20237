"""Which faces a recipe trains on, towards what, and which validate."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.data import DatasetWarning, FaceSet, Split, load_dataset  # noqa: E402
from edge_emotion.data.ferplus import CHOICES, Votes  # noqa: E402
from edge_emotion.emotions import LABELS  # noqa: E402
from edge_emotion.errors import DataError, RecipeError  # noqa: E402
from edge_emotion.training.faces import load_training_data, mixed_targets, one_hot  # noqa: E402
from edge_emotion.training.loader import training_loader, validation_loader  # noqa: E402
from edge_emotion.training.recipe import LabelSource, Recipe, load_recipe  # noqa: E402
from edge_emotion.training.world import World  # noqa: E402

HAPPY, SAD = LABELS.index("happy"), LABELS.index("sad")
HEADER = (
    "path,fer2013_row,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)


def recipe(*overrides: str) -> Recipe:
    return load_recipe(overrides=overrides)


@pytest.fixture
def source(tmp_path: Path, make_folders: Callable[..., Path]) -> Path:
    """Two faces of each class for training, and the same ones for validation."""
    return make_folders(tmp_path / "fer")


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """Two training faces have votes for a class, two have none that count, ten were not asked."""
    path = tmp_path / "votes.csv"
    rows = (
        "train/sad/Training_0.png,0,0,6,0,4,0,0,0,0,0,0",
        "train/sad/Training_1.png,1,0,0,0,5,0,5,0,0,0,0",
        "train/fear/Training_0.png,2,0,0,0,0,0,0,0,0,0,10",
        "train/fear/Training_1.png,3,1,1,1,1,1,1,1,1,1,1",
        "test/sad/PublicTest_0.png,4,0,9,0,1,0,0,0,0,0,0",
        "test/sad/PublicTest_1.png,5,0,0,0,0,0,0,0,8,2,0",
    )
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def row(**shares: float) -> list[float]:
    return [shares.get(label, 0.0) for label in LABELS]


def ballot(**counts: int) -> Votes:
    return Votes(np.array([[counts.get(choice, 0) for choice in CHOICES]]))


@pytest.mark.parametrize(
    ("settings", "votes", "target"),
    [
        ({"votes_weight": 0.0}, ballot(happy=10), row(sad=1)),
        ({"votes_weight": 1.0}, ballot(happy=6, sad=4), row(happy=0.6, sad=0.4)),
        ({"votes_weight": 0.5}, ballot(happy=6, sad=4), row(happy=0.3, sad=0.7)),
        ({"votes_weight": 0.5}, ballot(), row(sad=1)),
        ({"votes_weight": 1.0}, ballot(contempt=10), row()),
        ({"source": "ferplus"}, ballot(happy=6, sad=4), row(happy=1)),
        ({"source": "ferplus"}, ballot(happy=5, sad=5), row()),
        ({"source": "ferplus"}, ballot(contempt=10), row()),
        (
            {"source": "ferplus", "votes_weight": 0.5},
            ballot(happy=6, sad=4),
            row(happy=0.8, sad=0.2),
        ),
        (
            {"source": "ferplus", "votes_weight": 0.5},
            ballot(happy=5, sad=5),
            row(happy=0.5, sad=0.5),
        ),
        ({"source": "ferplus", "votes_weight": 1.0}, ballot(happy=2, contempt=8), row(happy=1)),
    ],
)
def test_labels_and_votes_are_mixed(
    settings: dict[str, object], votes: Votes, target: list[float]
) -> None:
    mixed = mixed_targets(np.array([SAD]), votes, LabelSource.model_validate(settings))
    np.testing.assert_allclose(mixed, [target], atol=1e-6)
    assert mixed.dtype == np.float32


def test_by_default_all_faces_and_their_labels(source: Path) -> None:
    data = load_training_data(str(source), recipe())
    assert data.train.targets is None
    assert (len(data.train), len(data.validation), data.left_out) == (14, 14, {})


def test_votes_beside_labels_leave_no_face_out(source: Path, votes: Path) -> None:
    with pytest.warns(DatasetWarning, match="no votes on 10 of 14 images in split 'train'"):
        data = load_training_data(str(source), recipe("labels.votes_weight=0.5"), votes)
    targets = data.train.targets
    assert targets is not None
    changed = np.flatnonzero((targets != one_hot(data.train.labels)).any(axis=1))
    assert [data.train.paths[position] for position in changed] == [
        "train/sad/Training_0.png",
        "train/sad/Training_1.png",
    ]
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert data.validation.labels.tolist() == load_dataset(source, Split.PUBLIC).labels.tolist()


@pytest.mark.filterwarnings("ignore::edge_emotion.data.DatasetWarning")
def test_votes_instead_of_labels_judge_too(source: Path, votes: Path) -> None:
    settings = recipe("labels.source=ferplus", "labels.votes_weight=1")
    data = load_training_data(str(source), settings, votes)
    assert data.train.paths == ("train/sad/Training_0.png", "train/sad/Training_1.png")
    assert data.left_out == {"no_target": 12}
    assert data.validation.paths == ("test/sad/PublicTest_0.png",)
    assert data.validation.labels.tolist() == [HAPPY]


def test_votes_must_be_given_where_used_and_only_there(source: Path, votes: Path) -> None:
    for needy in ("labels.source=ferplus", "labels.votes_weight=0.1"):
        with pytest.raises(RecipeError, match="pass --votes"):
            load_training_data(str(source), recipe(needy))
    with pytest.raises(RecipeError, match="makes no use of votes"):
        load_training_data(str(source), recipe(), votes)


@pytest.mark.filterwarnings("ignore::edge_emotion.data.DatasetWarning")
def test_votes_that_leave_nothing_are_an_error(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text(f"{HEADER}\ntrain/sad/Training_0.png,0,5,5,0,0,0,0,0,0,0,0\n")
    with pytest.raises(DataError, match="leaves no images to train on"):
        load_training_data(str(source), recipe("labels.source=ferplus"), path)


def test_deduplication_leaves_out_what_validation_holds(source: Path) -> None:
    with pytest.raises(DataError, match="no training images are left"):
        load_training_data(str(source), recipe("deduplicate=true"))


def test_batches_carry_probabilities_in_training_and_classes_in_validation(
    synthetic: FaceSet,
) -> None:
    images, targets = next(iter(training_loader(synthetic, 16, World())))
    assert (images.shape, images.dtype) == ((16, 1, 48, 48), torch.uint8)
    assert (targets.shape, targets.dtype) == ((16, 7), torch.float32)
    assert targets.sum(dim=1).tolist() == [1] * 16
    shown = {image.tobytes(): label for image, label in zip(*arrays(synthetic), strict=True)}
    for image, target in zip(images, targets, strict=True):
        assert int(target.argmax()) == shown[image.numpy().tobytes()]
    batch = next(iter(validation_loader(synthetic, 16)))
    assert batch[1].tolist() == synthetic.labels[:16].tolist()


def arrays(faces: FaceSet) -> tuple[list[np.ndarray], list[int]]:
    return list(faces.images), faces.labels.tolist()


def train(source: Path, out: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    settings = ("fp32.epochs=1", "fp32.warmup_epochs=0", "batch_size=4")
    command = [sys.executable, "-m", "edge_emotion", "train", "--data", source, "--out", out]
    command += ["--recipe", out.parent / "recipe.toml"]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(
        [str(part) for part in (*command, *more)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def doubled(source: Path, tmp_path: Path) -> Path:
    """Every training face has a copy; validation has mirrored faces of its own."""
    for image in list((source / "train").rglob("*.png")):
        (image.parent / f"copy_{image.name}").write_bytes(image.read_bytes())
    for image in (source / "test").rglob("*.png"):
        face = cv2.imread(str(image), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(image), np.ascontiguousarray(face[:, ::-1]))
    (tmp_path / "recipe.toml").write_text(
        'name = "brief"\nnetwork = "small"\n[fp32]\nepochs = 1\nlearning_rate = 0.01\n'
    )
    return source


def test_a_run_says_what_it_leaves_out_and_resumes_only_alike(
    doubled: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = train(doubled, out, "--deduplicate")
    assert done.returncode == 0, done.stderr
    said = "training on 14 images; left out: blank 0, contradictory 0, held out 0, repeated 14"
    assert said in done.stderr
    assert json.loads((out / "recipe.json").read_text())["deduplicate"] is True
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["train"]["images"] == 14
    assert metrics["train"]["left_out"]["repeated"] == 14
    assert train(doubled, out, "--resume", "--set", "deduplicate=true").returncode == 0
    otherwise = train(doubled, out, "--resume")
    assert otherwise.returncode == 1
    assert "another recipe" in otherwise.stderr


def test_a_run_towards_votes_records_them(doubled: Path, votes: Path, tmp_path: Path) -> None:
    done = train(doubled, tmp_path / "run", "--votes", votes, "--set", "labels.votes_weight=0.5")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert len(metrics["train"]["votes_sha256"]) == 64
