"""Search spaces: what they let a study choose, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.train

from edge_emotion.errors import RecipeError  # noqa: E402
from edge_emotion.training.recipe import load_recipe  # noqa: E402
from edge_emotion.training.space import Space, load_space  # noqa: E402

SPACE = """
"batch_size" = {low = 64, high = 256, step = 64}

[fp32.learning_rate]
low = 0.01
high = 0.3
log = true

[augmentation]
erase = {low = 0.0, high = 0.5, step = 0.25}

[network]
choices = ["small", "tiny"]
"""


def space_of(folder: Path, text: str) -> Space:
    path = folder / "space.toml"
    path.write_text(text)
    return load_space(path, load_recipe())


def test_values_are_drawn_as_the_space_says_and_fit_the_recipe(tmp_path: Path) -> None:
    space = space_of(tmp_path, SPACE)
    assert list(space) == ["batch_size", "fp32.learning_rate", "augmentation.erase", "network"]
    study = optuna.create_study()
    for _ in range(20):
        trial = study.ask()
        drawn = {key: dimension.suggest(trial, key) for key, dimension in space.items()}
        recipe = load_recipe().with_values(drawn)
        assert recipe.batch_size in (64, 128, 192, 256)
        assert 0.01 <= recipe.fp32.learning_rate <= 0.3
        assert recipe.augmentation.erase in (0.0, 0.25, 0.5)
        assert recipe.network in ("small", "tiny")
        assert recipe.fp32.epochs == load_recipe().fp32.epochs


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "names no key"),
        ("[fp32", "not TOML"),
        ("fp32.epochs = 5", "fp32.epochs is a value"),
        ("[fp32.epochs]\nlow = 1", "fp32.epochs.high: Field required"),
        ("[fp32.epochs]\nlow = 9\nhigh = 1", "low is above high"),
        ("[fp32.learning_rate]\nlow = 0\nhigh = 1\nlog = true", "log wants low above 0"),
        ("[fp32.learning_rate]\nlow = 0.1\nhigh = 1.0\nlgo = true", "lgo: Extra inputs"),
        ("[fp32.epochs]\nlow = '1'\nhigh = 2", "valid integer"),
        ("[fp32.speed]\nlow = 1\nhigh = 2", "fp32.speed: Extra inputs"),
        ("[augmentation.erase]\nlow = 0.5\nhigh = 1.5", "less than or equal to 1"),
        ("[network]\nchoices = []", "at least 1 item"),
        ("[labels.source]\nchoices = ['fer2013', 'ferplus']", "cannot be compared"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(RecipeError, match=cause) as raised:
        space_of(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_a_missing_space_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read search space"):
        load_space(tmp_path / "none.toml", load_recipe())
