"""What a sweep searches: keys of a recipe and the values that each may take, as typed TOML."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optuna.trial import BaseTrial
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_emotion.errors import RecipeError, first_fault
from edge_emotion.training.recipe import Recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Value = bool | int | float | str

_EXAMPLE = "[fp32.learning_rate] low = 0.03, high = 0.3, log = true"
_JUDGES = ("labels.source", "name")
"""Keys that decide what a trial is judged by or called, not how well it learns."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Range(_Frozen):
    """Numbers from ``low`` to ``high``, both included; whole numbers where both are whole."""

    low: int | float
    high: int | float
    step: int | float | None = Field(default=None, gt=0)
    """Distance between values; every number where none is given (1 between whole numbers)."""
    log: bool = False
    """Draw evenly over the logarithm."""

    @model_validator(mode="after")
    def _possible(self) -> Range:
        if self.low > self.high:
            raise ValueError("low is above high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log wants low above 0 and no step")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values to hold against a recipe before any trial does."""
        return self.low, self.high

    def suggest(self, trial: BaseTrial, key: str) -> Value:
        """Let the study choose."""
        whole = [isinstance(each, int) for each in (self.low, self.high, self.step or 1)]
        if all(whole):
            return trial.suggest_int(
                key, int(self.low), int(self.high), step=int(self.step or 1), log=self.log
            )
        return trial.suggest_float(
            key, float(self.low), float(self.high), step=self.step, log=self.log
        )


class Choices(_Frozen):
    """One of several values, in no order."""

    choices: tuple[Value, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, table: Any) -> Any:
        """TOML has lists, and a frozen model wants tuples."""
        return {
            key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
        }

    @property
    def ends(self) -> tuple[Value, ...]:
        """Values to hold against a recipe before any trial does."""
        return self.choices

    def suggest(self, trial: BaseTrial, key: str) -> Value:
        """Let the study choose."""
        return trial.suggest_categorical(key, self.choices)  # type: ignore[return-value]


Dimension = Range | Choices
Space = Mapping[str, Dimension]
"""Key of a recipe, as ``fp32.learning_rate`` → what it may be."""


def load_space(path: Path, recipe: Recipe) -> Space:
    """Read a search space, and prove that the recipe takes the ends of every range.

    Raises:
        RecipeError: unreadable, not TOML, empty, a key that the recipe does not have, or a value
            that it refuses.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read search space {path}: {error}", "check the path") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"search space {path} is not TOML: {error}", "mend that line") from error
    space = {key: _dimension(path, key, table) for key, table in _leaves(document)}
    if not space:
        raise RecipeError(f"search space {path} names no key", f"write e.g. {_EXAMPLE}")
    for key, dimension in space.items():
        if key in _JUDGES:
            raise RecipeError(
                f"search space {path}: trials that differ in {key} cannot be compared",
                "set it with --set",
            )
        for value in dimension.ends:
            recipe.with_values({key: value})
    return space


def _leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and table of everything that describes a dimension."""
    dimension = {*Range.model_fields, *Choices.model_fields}
    for name, table in document.items():
        key = f"{above}{name}"
        if isinstance(table, dict) and table and not dimension & table.keys():
            yield from _leaves(table, f"{key}.")
        else:
            yield key, table


def _dimension(path: Path, key: str, table: Any) -> Dimension:
    if not isinstance(table, dict):
        raise RecipeError(
            f"search space {path}: {key} is a value, not a range",
            f"write e.g. {_EXAMPLE}, or set the value with --set",
        )
    kind = Choices if "choices" in table else Range
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise RecipeError(
            f"search space {path}: {first_fault(error, key)}", f"write e.g. {_EXAMPLE}"
        ) from error
