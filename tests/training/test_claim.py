"""A run's folder: who may begin there, and who may go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.errors import OutputError, RecipeError  # noqa: E402
from edge_emotion.jsonio import sha256_of  # noqa: E402
from edge_emotion.training.claim import Sources, claim  # noqa: E402
from edge_emotion.training.faces import load_training_data  # noqa: E402
from edge_emotion.training.holdout import Fold  # noqa: E402
from edge_emotion.training.recipe import Recipe, load_recipe  # noqa: E402

TEACHERS = sorted((Path(__file__).parents[2] / "export" / "teachers").glob("*.safetensors"))
BRIEF = """
name = "brief"
network = "tiny"
[distillation]
teachers = ["teacher.safetensors"]
[fp32]
epochs = 1
learning_rate = 0.01
"""


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    """A recipe with its teacher beside it."""
    path = tmp_path / "recipe.toml"
    path.write_text(BRIEF)
    shutil.copy(TEACHERS[0], tmp_path / "teacher.safetensors")
    return path


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return load_recipe(recipe_file)


@pytest.fixture
def source(tmp_path: Path, make_folders: Callable[..., Path]) -> Path:
    """Two faces of each class in each split."""
    return make_folders(tmp_path / "fer")


@pytest.fixture
def sources(recipe_file: Path, recipe: Recipe, source: Path) -> Sources:
    data = load_training_data(str(source), recipe)
    return Sources.of(data, map(sha256_of, recipe.teacher_files(recipe_file.parent)))


def test_a_claimed_folder_is_for_its_own_run_alone(
    tmp_path: Path, recipe: Recipe, sources: Sources
) -> None:
    claim(tmp_path, recipe, sources, resume=True)
    claim(tmp_path, recipe, sources, resume=True)
    with pytest.raises(OutputError, match="holds a training run already"):
        claim(tmp_path, recipe, sources, resume=False)
    with pytest.raises(RecipeError, match="another recipe"):
        claim(tmp_path, recipe.with_values({"distillation.weight": 0.5}), sources, resume=True)


@pytest.mark.parametrize("content", ["", "{}", '{"name": "brief", "later": 1}', "\x00"])
def test_a_run_whose_recipe_cannot_be_read_does_not_go_on(
    tmp_path: Path, recipe: Recipe, sources: Sources, content: str
) -> None:
    (tmp_path / "recipe.json").write_text(content)
    with pytest.raises(RecipeError, match="another recipe"):
        claim(tmp_path, recipe, sources, resume=True)
    assert (tmp_path / "recipe.json").read_text() == content


def test_where_teachers_lie_is_of_no_matter(
    tmp_path: Path, recipe: Recipe, sources: Sources
) -> None:
    claim(tmp_path, recipe, sources, resume=False)
    moved = recipe.with_values({"distillation.teachers": ["../teacher.safetensors"]})
    assert moved != recipe
    claim(tmp_path, moved, sources, resume=True)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"faces": "0" * 64}, "other faces"),
        ({"votes": "0" * 64}, "other votes"),
        ({"fold": Fold(0.2, 1)}, "other fold"),
        ({"teachers": ()}, "other teachers"),
        ({"start": "0" * 64}, "other start"),
        ({"votes": "0" * 64, "teachers": ()}, "other votes and teachers"),
    ],
)
def test_a_run_goes_on_with_what_it_began_with(
    tmp_path: Path, recipe: Recipe, sources: Sources, change: dict[str, object], what: str
) -> None:
    claim(tmp_path, recipe, sources, resume=False)
    with pytest.raises(OutputError, match=what):
        claim(tmp_path, recipe, sources.model_copy(update=change), resume=True)


@pytest.mark.parametrize("content", [None, "", "{}", "\x00"])
def test_a_run_that_does_not_say_its_sources_does_not_go_on(
    tmp_path: Path, recipe: Recipe, sources: Sources, content: str | None
) -> None:
    claim(tmp_path, recipe, sources, resume=False)
    kept = tmp_path / "sources.json"
    if content is None:
        kept.unlink()
    else:
        kept.write_text(content)
    with pytest.raises(OutputError, match="does not say what its run learned from"):
        claim(tmp_path, recipe, sources, resume=True)


def test_the_order_of_teachers_is_of_no_matter(source: Path, recipe: Recipe) -> None:
    data = load_training_data(str(source), recipe)
    hashes = [sha256_of(path) for path in TEACHERS]
    assert len(hashes) > 1
    assert Sources.of(data, hashes) == Sources.of(data, hashes[::-1])
    assert Sources.of(data, hashes) != Sources.of(data, hashes[:1])


def test_train_refuses_other_teachers_in_one_line(
    tmp_path: Path, recipe: Recipe, recipe_file: Path, source: Path, sources: Sources
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    claim(out, recipe, sources, resume=False)
    command = [sys.executable, "-m", "edge_emotion", "train", "--recipe", recipe_file]
    command += ["--data", source, "--out", out, "--resume", "--teacher", TEACHERS[1]]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "holds a run with other teachers" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
