"""Recipes: what is in the repository loads, what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.train

from edge_emotion.errors import RecipeError  # noqa: E402
from edge_emotion.training.recipe import load_recipe  # noqa: E402

RECIPES = sorted((Path(__file__).parents[2] / "export" / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_in_the_repository_is_valid(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_there_are_recipes() -> None:
    assert "small" in [path.stem for path in RECIPES]


def test_overrides_reach_nested_values() -> None:
    recipe = load_recipe(overrides=["fp32.epochs=3", "seed=7", "network=small"])
    assert (recipe.fp32.epochs, recipe.seed, recipe.network) == (3, 7, "small")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("fp32.epochs=0", "fp32.epochs"),
        ("fp32.learning_rat=1", "fp32.learning_rat"),
        ("augmentation.flip=2", "augmentation.flip"),
        ("name=Bad Name", "name"),
        ("no-equals-sign", "no-equals-sign"),
        ("seed.deeper=1", "seed.deeper"),
    ],
)
def test_wrong_values_are_named_in_one_line(override: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(overrides=["seed=1", override])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"name = 3"])
def test_broken_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="recipe"):
        load_recipe(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        load_recipe(tmp_path / "absent.toml")
