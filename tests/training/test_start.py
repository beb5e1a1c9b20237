"""What a run begins with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.train

from edge_emotion.artifact import publish_manifest, resolve_model  # noqa: E402
from edge_emotion.backends import get_backend  # noqa: E402
from edge_emotion.data import Split, load_dataset  # noqa: E402
from edge_emotion.errors import ArtifactError, RecipeError  # noqa: E402
from edge_emotion.jsonio import sha256_of  # noqa: E402
from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.checkpoint import Checkpoint  # noqa: E402
from edge_emotion.models.mirror import keep_symmetric  # noqa: E402
from edge_emotion.models.quantization import quantised_twin  # noqa: E402
from edge_emotion.training.recipe import Phase, Recipe  # noqa: E402
from edge_emotion.training.start import Start, begin  # noqa: E402

RECIPE = Recipe(name="more", network="tiny", fp32=Phase(epochs=1, learning_rate=0.01))
FACES = np.random.default_rng(0).integers(0, 256, (130, 48, 48), np.uint8)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Of a network with weights that no seed draws."""
    torch.manual_seed(3)
    network = build_network("tiny")
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.5, 0.1)
    path = tmp_path / "before.safetensors"
    Checkpoint("tiny", {}, {}, dict(network.state_dict()), {}).save(path)
    return path


def start(source: Path) -> Start:
    return Start.load(str(source), "tiny", FACES)


def test_a_network_begins_with_the_weights_of_a_checkpoint(checkpoint: Path) -> None:
    begun = begin(RECIPE, start(checkpoint)).state_dict()
    wanted = Checkpoint.load(checkpoint).fp32
    assert set(begun) == set(wanted)
    assert all(torch.equal(begun[name], wanted[name]) for name in wanted)
    fresh = begin(RECIPE, None).state_dict()
    assert not torch.equal(fresh["classifier.weight"], wanted["classifier.weight"])


def test_a_symmetric_network_begins_with_the_nearest_symmetric_weights(checkpoint: Path) -> None:
    network = begin(RECIPE.with_values({"symmetric": True}), start(checkpoint))
    begun = {name: value.clone() for name, value in network.state_dict().items()}
    keep_symmetric(network)
    assert all(torch.allclose(begun[name], value) for name, value in network.state_dict().items())
    mean = Checkpoint.load(checkpoint).fp32["classifier.weight"].mean()
    torch.testing.assert_close(begun["classifier.weight"].mean(), mean)


def dropout(network: torch.nn.Module) -> list[float]:
    return [each.p for each in network.modules() if isinstance(each, torch.nn.Dropout)]


def test_a_recipe_sets_the_dropout_of_both_phases() -> None:
    assert dropout(begin(RECIPE, None)) == [0.2]
    network = begin(RECIPE.with_values({"dropout": 0.05}), None)
    assert dropout(network) == [0.05]
    assert dropout(quantised_twin(network)) == [0.05]


def test_a_network_without_dropout_refuses_one() -> None:
    recipe = RECIPE.with_values({"dropout": 0.1, "network": "mini-xception"})
    with pytest.raises(RecipeError, match="mini-xception has no dropout layer"):
        begin(recipe, None)


@pytest.mark.parametrize("name", ["tiny", "small", "base"])
def test_a_shipped_model_answers_as_before_and_normalises_again(name: str) -> None:
    """Folded batch-norms come back: what goes through them has mean 0 and variance 1."""
    artifact = resolve_model(f"{name}-fp32")
    faces = load_dataset("synthetic", Split.TRAIN).images[:256]
    recipe = RECIPE.with_values({"network": name})
    network = begin(recipe, Start.load(f"{name}-fp32", name, faces)).eval()
    with get_backend("onnxruntime").load(artifact) as session:
        wanted = session.infer(faces)
    with torch.no_grad():
        logits = network(torch.from_numpy(faces).unsqueeze(1)).numpy()
    np.testing.assert_allclose(logits, wanted, atol=1e-3)
    norms = [each for each in network.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    seen = {}
    for norm in norms:
        norm.register_forward_hook(lambda norm, _, out: seen.__setitem__(norm, out))
    with torch.no_grad():
        network(torch.from_numpy(faces).unsqueeze(1))
    for norm in norms:
        plain = (seen[norm] - norm.bias.reshape(-1, 1, 1)) / norm.weight.reshape(-1, 1, 1)
        assert plain.mean((0, 2, 3)).abs().max() < 0.01
        variance = plain.var((0, 2, 3), correction=0)
        assert variance[norm.running_var > 1e-3].sub(1).abs().max() < 0.05


def test_statistics_are_of_faces_from_all_over_the_dataset() -> None:
    """Which comes class by class: its first thousand faces are all angry."""
    black = np.zeros((1300, 48, 48), np.uint8)
    begun = Start.load("tiny-fp32", "tiny", np.concatenate([black, FACES]))
    alone = Start.load("tiny-fp32", "tiny", black)
    name = "features.1.running_var"
    assert begun.weights[name].max() > 2 * alone.weights[name].max() + 1e-3


def test_another_network_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ArtifactError, match="holds the network tiny, and the recipe trains small"):
        Start.load(str(checkpoint), "small", FACES)
    with pytest.raises(ArtifactError, match="holds the network small, and the recipe trains tiny"):
        Start.load("small-fp32", "tiny", FACES)


def test_integers_do_not_learn() -> None:
    with pytest.raises(ArtifactError, match=r"holds int8 weights.*as tiny-fp32"):
        Start.load("tiny", "tiny", FACES)


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    """As when a network of that name has changed since."""
    small, path = resolve_model("small-fp32"), tmp_path / "tiny-fp32.onnx"
    path.write_bytes(small.path.read_bytes())
    publish_manifest(path, small.manifest.model_copy(update={"network": "tiny"}))
    with pytest.raises(ArtifactError, match=r"cannot make a tiny of tiny-fp32\.onnx"):
        start(path)


def test_train_goes_on_from_a_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    """At a rate of nearly nothing; what the run begins with is kept, for when it is resumed."""
    recipe, run = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text(
        'name = "more"\nnetwork = "tiny"\n[fp32]\nepochs = 1\nlearning_rate = 1e-12\n'
    )
    command = [sys.executable, "-m", "edge_emotion", "train", "--data", "synthetic"]
    command += ["--recipe", recipe, "--out", run, "--start", checkpoint]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted, kept = Checkpoint.load(checkpoint).fp32, Checkpoint.load(run)
    for name in ("classifier.weight", "features.0.weight"):
        torch.testing.assert_close(kept.fp32[name], wanted[name], rtol=1e-4, atol=1e-6)
    begun_with = sha256_of(checkpoint)
    assert json.loads((run / "metrics.json").read_text())["start"]["sha256"] == begun_with
    assert json.loads((run / "sources.json").read_text())["start"] == begun_with
