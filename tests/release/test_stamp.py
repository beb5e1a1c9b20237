"""The scripts that stamp what ships, on a model of this test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from edge_emotion.artifact import Artifact, Manifest, publish_manifest, shipped_models
from edge_emotion.data import SYNTHETIC, Split, load_dataset
from edge_emotion.emotions import LABELS
from edge_emotion.evaluation.corruptions import CORRUPTIONS
from tests.backends.classifiers import place
from tests.scripts import load_script

pytestmark = pytest.mark.train
for runtime in ("onnxruntime", "openvino"):
    pytest.importorskip(runtime, reason=f"{runtime} is not installed")

ROOT = Path(__file__).parents[2]
SHIPPED = {artifact.manifest.recipe for files in shipped_models().values() for artifact in files}


def stamp(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "export" / "stamp.py", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces as Kaggle's folders: 210 of PublicTest, 7 of train."""
    root = tmp_path_factory.mktemp("data") / "fer"
    for folder, prefix, split, step in (
        ("test", "PublicTest", Split.PUBLIC, 1),
        ("train", "Training", Split.TRAIN, 100),
    ):
        faces = load_dataset(SYNTHETIC, split)
        chosen = list(zip(faces.images, faces.labels, strict=True))[::step]
        for number, (face, label) in enumerate(chosen):
            path = root / folder / LABELS[label] / f"{prefix}_{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), face)
    return root


@pytest.fixture(scope="module")
def votes(data: Path) -> Path:
    """Votes on the faces: all for the label, but for every third face's, which are sad."""
    path = data.parent / "votes.csv"
    columns = ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
    columns += ["contempt", "unknown", "NF"]
    lines = [",".join(("path", "fer2013_row", *columns))]
    for row, name in enumerate(load_dataset(data, Split.PUBLIC).paths):
        label = LABELS.index("sad" if row % 3 == 0 else name.split("/")[1])
        cells = [str(10 * (position == label)) for position in range(len(columns))]
        lines.append(",".join((name, str(row), *cells)))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory, data: Path, votes: Path) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    for encoding in ("cpu", "tensorrt", "none"):
        artifact = place(folder, encoding)
        recipe = {"recipe": "small", "tools": {"edge-emotion": "0.1.0"}}
        publish_manifest(artifact.path, artifact.manifest.model_copy(update=recipe))
    run = stamp("small", "--data", data, "--votes", votes, "--assets", folder)
    assert run.returncode == 0, run.stderr
    return folder


def manifests(folder: Path) -> Iterator[Manifest]:
    for path in sorted(folder.glob("*.onnx")):
        yield Artifact.load(path).manifest


def test_every_file_is_measured_and_still_verifies(assets: Path) -> None:
    found = {each.encoding: each for each in manifests(assets)}
    assert found.keys() == {"cpu", "tensorrt", "none"}
    for manifest in found.values():
        assert [(f.labels, f.backend, f.images) for f in manifest.accuracy] == [
            (labels, backend, 210)
            for labels in ("fer2013", "ferplus")
            for backend in ("onnxruntime", "openvino")
        ]
        own, plus = manifest.accuracy[0], manifest.accuracy[2]
        assert own.leak_free is not None
        assert own.leak_free.images == 210
        assert own.per_class.keys() == set(LABELS)
        assert plus.eight_class is not None
        assert plus.label_agreement == pytest.approx(150 / 210)  # 140, and 10 sad ones of the 70
        assert manifest.calibration is not None
        assert manifest.temperature != 1.0
        assert manifest.robustness is not None
        assert manifest.robustness.clean == own.accuracy


def test_int8_is_held_against_floating_point(assets: Path) -> None:
    found = {each.encoding: each for each in manifests(assets)}
    assert found["none"].against_fp32 is None
    for encoding in ("cpu", "tensorrt"):
        manifest = found[encoding]
        against = manifest.against_fp32
        assert against is not None
        assert (against.name, against.sha256) == ("classifier-fp32", found["none"].sha256)
        difference = manifest.accuracy[0].accuracy - found["none"].accuracy[0].accuracy
        assert against.accuracy_difference == pytest.approx(difference)
        assert (against.only_this - against.only_other) / 210 == pytest.approx(difference)


@pytest.mark.parametrize("encoding", ["cpu", "tensorrt", "none"])
def test_the_card_holds_every_figure_of_a_manifest(assets: Path, encoding: str) -> None:
    card = (assets / "small.md").read_text()
    (manifest,) = (each for each in manifests(assets) if each.encoding == encoding)
    file = f"{manifest.name}{'' if encoding == 'none' else '.' + encoding}"
    assert f"`{file}.onnx`" in card
    assert [figure for figure in accuracy_cells(manifest) if figure not in card] == []
    against, calibration = manifest.against_fp32, manifest.calibration
    if against:
        assert f"| {against.mcnemar_p:.3f} |" in card
        assert f"| {against.agreement:.2%} |" in card
    assert calibration is not None
    for figure in (
        f"{manifest.temperature:.3f}",
        f"{calibration.ece_uncalibrated:.4f}",
        f"{calibration.ece_cross_fitted:.4f}",
    ):
        assert f"| {figure} |" in card


def accuracy_cells(manifest: Manifest) -> Iterator[str]:
    for figure in manifest.accuracy:
        for share in (figure.accuracy, figure.balanced_accuracy, figure.macro_f1):
            yield f"| {share:.2%} |"
        for part in filter(None, (figure.leak_free, figure.eight_class)):
            yield f"{part.accuracy:.2%} of {part.images}"
    for row in manifest.accuracy[0].per_class.values():
        yield f"{row.precision:.1%} / {row.recall:.1%}"


def test_the_card_tells_the_robustness_of_every_file(assets: Path) -> None:
    card = (assets / "small.md").read_text()
    for manifest in manifests(assets):
        assert manifest.robustness is not None
        for shares in (*manifest.robustness.corruptions.values(), manifest.robustness.mean):
            assert " / ".join(f"{100 * share:.1f}" for share in shares) in card
        assert f"{100 * manifest.robustness.drop_middle:.2f} points" in card
    for corruption in CORRUPTIONS:
        assert corruption.name.replace("_", " ") in card


def test_the_card_says_which_corruptions_are_not_new_to_the_model() -> None:
    from edge_emotion.training.recipe import Degradation, load_recipe

    recipe = load_recipe(ROOT / "export" / "recipes" / "small.toml")
    manifests = [artifact.manifest for artifact in shipped_models()["small"]]
    told = "faces with {} too (`degradation`)"
    for degradation, words in (
        (Degradation(), None),
        (Degradation(noise=5), "noise"),
        (Degradation(blur=1, noise=5), "blur and noise"),
    ):
        card = load_script(ROOT / "export" / "card.py").model_card(
            recipe.model_copy(update={"degradation": degradation}), manifests
        )
        assert ("(`degradation`)" in card) == (words is not None)
        assert words is None or told.format(words) in card


def test_the_card_says_what_the_model_is_not_for(assets: Path) -> None:
    card = (assets / "small.md").read_text()
    for promised in ("Art. 5(1)(f)", "Art. 50(3)", "posed", "light skin", "labels are noisy"):
        assert promised in card
    assert "None" not in card
    assert "$" not in card


def test_a_recipe_s_settings_are_all_on_the_card(assets: Path) -> None:
    card = (assets / "small.md").read_text()
    for setting in ("fp32.epochs", "int8.learning_rate", "augmentation.rotation", "batch_size"):
        assert f"| {setting} | " in card


@pytest.mark.parametrize("name", sorted(filter(None, SHIPPED)))
def test_a_shipped_card_is_what_its_manifests_give(name: str) -> None:
    from edge_emotion.training.recipe import load_recipe

    recipe = load_recipe(ROOT / "export" / "recipes" / f"{name}.toml")
    files = [each for group in shipped_models().values() for each in group]
    own = [each.manifest for each in files if each.manifest.recipe == name]
    card = (files[0].path.parent / f"{name}.md").read_text()
    assert card == load_script(ROOT / "export" / "card.py").model_card(recipe, own)


def test_what_cannot_be_stamped_is_said(assets: Path, tmp_path: Path) -> None:
    run = stamp("tiny", "--data", "synthetic", "--assets", assets)
    assert run.returncode == 1
    assert "no file of recipe 'tiny'" in run.stderr
    before = json.loads((assets / "classifier.cpu.onnx.json").read_text())
    run = stamp("small", "--data", tmp_path / "nowhere.zip", "--assets", assets)
    assert run.returncode == 1
    assert json.loads((assets / "classifier.cpu.onnx.json").read_text()) == before
