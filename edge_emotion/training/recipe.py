"""A training run as typed, validated TOML."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_emotion.errors import RecipeError, first_fault

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_RECIPE = Path(__file__).parent / "recipes" / "default.toml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(_Frozen):
    """Random changes to each training face; distances as fractions of the side."""

    rotation: float = Field(default=10.0, ge=0, le=180)
    """Largest angle, in degrees."""
    scale: float = Field(default=0.08, ge=0, lt=1)
    shift: float = Field(default=0.10, ge=0, lt=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    brightness: float = Field(default=0.0, ge=0, lt=1)
    contrast: float = Field(default=0.0, ge=0, lt=1)
    erase: float = Field(default=0.25, ge=0, le=1)
    """Probability that a rectangle is filled with noise (Zhong et al., 2017)."""
    mixup: float = Field(default=0.0, ge=0)
    """Beta parameter of blending pairs of faces (Zhang et al., 2018); 0 blends none."""


class Degradation(_Frozen):
    """What a worse camera would make of training faces; the teachers see them clear."""

    blur: float = Field(default=0.0, ge=0, le=1.5)
    """Largest standard deviation of a Gaussian, in pixels."""
    noise: float = Field(default=0.0, ge=0)
    """Largest standard deviation, in grey levels."""
    share: float = Field(default=0.5, ge=0, le=1)
    """Share of the faces that are blurred, and of those with noise."""


class Spectral(_Frozen):
    """How Muon steps convolutions; everything else keeps to SGD (``training.muon``)."""

    learning_rate: float = Field(default=0.05, gt=0)
    """Length of a step in the spectral norm."""
    weight_decay: float = Field(default=0.03, ge=0)
    """Decoupled: times the rate, the share of the weights that a step takes away."""


class Phase(_Frozen):
    """One optimisation: SGD with Nesterov momentum, linear warm-up, cosine decay to zero."""

    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    warmup_epochs: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=5e-4, ge=0)
    muon: Spectral | None = None
    """Without it convolutions are stepped by SGD too."""
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    hints: float = Field(default=0.0, ge=0)
    """Weight of learning the features of teachers that are networks; 0 asks for none."""
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the weight average per step, once it has risen to it (``training.averaging``); the
    average is what is validated and kept."""


class QuantPhase(Phase):
    """Quantization-aware fine-tuning."""

    freeze_ranges_after: float = Field(default=0.5, ge=0, le=1)
    """Fraction of the phase after which activation ranges stay fixed."""


class Distillation(_Frozen):
    """Learning from trained networks beside the labels."""

    teachers: tuple[str, ...] = ()
    """Checkpoints, teacher files or kept answers; relative paths count from the recipe's folder."""
    weight: float = Field(default=0.7, ge=0, le=1)
    """Share of the loss that comes from the teachers; the rest comes from the labels."""
    temperature: float = Field(default=2.0, gt=0)
    """Divides all logits: higher shows more of what teachers think of the wrong classes."""
    mirrored: bool = False
    """Teachers also see each face's mirror image, and the mean of both answers teaches."""
    divided: bool = False
    """Networks share a batch out among them: several teach at the cost of one."""


class LabelSource(_Frozen):
    """What faces are trained towards, and judged by in validation."""

    source: Literal["fer2013", "ferplus"] = "fer2013"
    """The dataset's own labels, or the majority of people's votes (FER+)."""
    votes_weight: float = Field(default=0.0, ge=0, le=1)
    """Share of a target that is the distribution of votes; the rest is the label alone."""

    @property
    def needs_votes(self) -> bool:
        """Whether a file of votes must be given."""
        return self.source == "ferplus" or self.votes_weight > 0


class Recipe(_Frozen):
    """Everything that decides a training run, but for the data's location."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    network: str
    seed: int = 0
    batch_size: int = Field(default=128, ge=2)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """``auto`` is bf16 autocast where the processor has bf16 arithmetic."""
    symmetric: bool = False
    """Keep the network mirror-symmetric in every step of both phases, as ``models.mirror`` says."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Probability of the network's dropout layers; without it they keep their own."""
    labels: LabelSource = LabelSource()
    deduplicate: bool = False
    """Leave repeated, contradictory, held-out and blank faces out of training."""
    augmentation: Augmentation = Augmentation()
    degradation: Degradation = Degradation()
    distillation: Distillation | None = None
    fp32: Phase
    int8: QuantPhase | None = None
    """Without it the run ends in floating point: enough for a teacher."""

    @property
    def wants_hints(self) -> bool:
        """Whether a teacher must be a network."""
        return any(phase is not None and phase.hints > 0 for phase in (self.fp32, self.int8))

    def teacher_files(self, folder: Path) -> tuple[Path, ...]:
        """The teachers that the recipe names; relative paths count from ``folder``."""
        names = self.distillation.teachers if self.distillation else ()
        return tuple(folder / name for name in names)

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """The same recipe but for some values, by key: ``{"fp32.learning_rate": 0.05}``.

        Raises:
            RecipeError: an unknown key or an impossible value.
        """
        document = self.model_dump(mode="json", exclude_none=True)
        for key, value in values.items():
            _set(document, key, value)
        return _validated(document, f"recipe {self.name!r}")


def load_recipe(path: Path = DEFAULT_RECIPE, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe and apply ``key=value`` overrides, as ``fp32.epochs=5``.

    Raises:
        RecipeError: unreadable, not TOML, an unknown key or an impossible value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot read recipe {path}: {error}", "check the path") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"recipe {path} is not TOML: {error}", "mend that line") from error
    for override in overrides:
        _apply(document, override)
    return _validated(document, f"recipe {path}")


def _validated(document: dict[str, Any], source: str) -> Recipe:
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise RecipeError(
            f"{source}: {first_fault(error)}", "see export/recipes for working examples"
        ) from error


def _apply(document: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator:
        raise RecipeError(f"override {override!r} has no '='", "write key=value: fp32.epochs=5")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        value = text
    _set(document, key.strip(), value)


def _set(document: dict[str, Any], key: str, value: Any) -> None:
    *tables, leaf = key.split(".")
    for table in tables:
        document = document.setdefault(table, {})
        if not isinstance(document, dict):
            raise RecipeError(f"cannot set {key}: {table} is not a table", "check the key")
    document[leaf] = value
