"""A training run's folder, which belongs to one recipe and all that it learns from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from edge_emotion.errors import OutputError, RecipeError
from edge_emotion.jsonio import write_text
from edge_emotion.training.faces import TrainingData
from edge_emotion.training.holdout import Fold
from edge_emotion.training.recipe import Recipe

_RECIPE = "recipe.json"
_SOURCES = "sources.json"

Kind = TypeVar("Kind", bound=BaseModel)


class Sources(BaseModel):
    """What a run learns from, by content: where the files lie is of no matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: str
    """SHA-256 of the dataset."""
    votes: str | None
    """SHA-256 of FER+'s votes, where the recipe uses them."""
    fold: Fold | None
    """The part of the train split that validates; None where PublicTest does."""
    teachers: tuple[str, ...]
    """SHA-256 of each file that is distilled from, in the order of these."""
    start: str | None = None
    """SHA-256 of the checkpoint that the weights came from; None where they were random."""

    @classmethod
    def of(cls, data: TrainingData, teachers: Iterable[str], start: str | None = None) -> Sources:
        """The sources of a run that is about to begin or to go on.

        Args:
            data: faces to learn from and to validate on.
            teachers: SHA-256 of each file, in any order.
            start: SHA-256 of the checkpoint that it begins with, if it does.
        """
        return cls(
            faces=data.train.source_sha256,
            votes=data.votes_sha256,
            fold=data.fold,
            teachers=tuple(sorted(teachers)),
            start=start,
        )

    def changed_since(self, before: Sources) -> list[str]:
        """Names of the sources that are others than before."""
        mine, theirs = self.model_dump(), before.model_dump()
        return [name for name in mine if mine[name] != theirs[name]]


def claim(out: Path, recipe: Recipe, sources: Sources, resume: bool) -> None:
    """Mark a folder as a run's own, or make sure that the run it holds may go on.

    Args:
        out: an existing folder.
        recipe: of the run.
        sources: of the run.
        resume: whether a run that is there already may go on.

    Raises:
        OutputError: ``out`` holds a run and ``resume`` is false, or one from other sources.
        RecipeError: ``out`` holds a run of another recipe.
    """
    marker = out / _RECIPE
    if not marker.exists():
        write_text(out / _SOURCES, sources.model_dump_json(indent=2) + "\n")
        write_text(marker, recipe.model_dump_json(indent=2) + "\n")
        return
    if not resume:
        raise OutputError(f"{out} holds a training run already", "pass --resume or another folder")
    held = _read(Recipe, marker)
    if held is None or _without_paths(held) != _without_paths(recipe):
        raise RecipeError(
            f"{out} holds a run of another recipe", "resume with the same recipe and --set values"
        )
    before = _read(Sources, out / _SOURCES)
    if before is None:
        raise OutputError(f"{out} does not say what its run learned from", "begin another run")
    if changed := sources.changed_since(before):
        what = " and ".join(changed)
        raise OutputError(f"{out} holds a run with other {what}", f"resume with the same {what}")


def _without_paths(recipe: Recipe) -> Recipe:
    """A recipe that names no teachers: their content counts, and ``Sources`` has it."""
    if recipe.distillation is None:
        return recipe
    unnamed = recipe.distillation.model_copy(update={"teachers": ()})
    return recipe.model_copy(update={"distillation": unnamed})


def _read(kind: type[Kind], path: Path) -> Kind | None:
    """What a file says; None when it is not there or this release cannot read it."""
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # pydantic's ValidationError, or bytes that are no text
        return None
