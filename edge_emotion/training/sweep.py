"""Search a recipe: many runs, the unpromising ones stopped early, one best recipe at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import optuna
from lightning.pytorch.callbacks import Callback
from optuna.exceptions import OptunaError
from optuna.study import MaxTrialsCallback
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from edge_emotion.errors import OutputError, RecipeError
from edge_emotion.models.checkpoint import Checkpoint
from edge_emotion.training.faces import TrainingData, load_training_data
from edge_emotion.training.holdout import Fold
from edge_emotion.training.interrupt import Interrupt
from edge_emotion.training.recipe import LabelSource, QuantPhase, Recipe
from edge_emotion.training.run import train
from edge_emotion.training.space import Space

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_FAILURES = 3
"""Trials in a row that may fail before the sweep gives up."""


class _Reporter(Callback):
    """Tells the study each epoch's validation accuracy, and ends the trial if the study says so.

    The accuracy is that of the weight average, which Lightning puts in place for validation.
    """

    def __init__(self, trial: Trial, recipe: Recipe) -> None:
        self._trial = trial
        self._recipe = recipe

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report (Lightning validates before this hook runs); epochs count on through phases."""
        before = self._recipe.fp32.epochs if isinstance(pl_module.phase, QuantPhase) else 0
        accuracy = float(trainer.callback_metrics["val_accuracy"])
        self._trial.report(accuracy, before + trainer.current_epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned


@dataclass(frozen=True)
class Experiment:
    """What every trial of a sweep has in common.

    Args:
        recipe: what trials start from.
        teachers: checkpoints to distil from.
        space: keys to search.
        source: dataset, as ``load_dataset`` takes it.
        votes: file of FER+ votes, where the recipe needs them.
        fold: part of the train split to judge by; None is PublicTest.
        out: folder under which each trial has its run.
    """

    recipe: Recipe
    teachers: tuple[Path, ...]
    space: Space
    source: str
    votes: Path | None
    fold: Fold | None
    out: Path
    _loaded: dict[tuple[LabelSource, bool], TrainingData] = field(default_factory=dict, repr=False)

    @property
    def epochs(self) -> int:
        """Of a whole trial of the recipe as it stands."""
        return self.recipe.fp32.epochs + (self.recipe.int8.epochs if self.recipe.int8 else 0)

    def data(self, recipe: Recipe) -> TrainingData:
        """Faces as a trial's recipe wants them, read once."""
        key = (recipe.labels, recipe.deduplicate)
        if key not in self._loaded:
            self._loaded[key] = load_training_data(self.source, recipe, self.votes, self.fold)
        return self._loaded[key]

    def settings(self) -> dict[str, Any]:
        """What processes that share a study must agree on, as JSON-ready values."""
        data = self.data(self.recipe)
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "space": {key: each.model_dump(mode="json") for key, each in self.space.items()},
            "data": {"sha256": data.train.source_sha256, "votes_sha256": data.votes_sha256},
            "validation": {
                "split": data.validation.split.value,
                "images": len(data.validation),
                "fold": None
                if self.fold is None
                else {"share": self.fold.share, "seed": self.fold.seed},
            },
        }

    def run(self, trial: Trial) -> float:
        """Train what the study suggests.

        Returns:
            Validation accuracy at the end of the last phase.
        """
        values = {key: dimension.suggest(trial, key) for key, dimension in self.space.items()}
        recipe = self.recipe.with_values(values)
        folder = self._folder(trial)
        with _noted(trial, folder):
            checkpoint = train(
                recipe,
                self.data(recipe),
                folder,
                resume=True,
                teachers=self.teachers,
                watchers=[_Reporter(trial, recipe)],
            )
        return _accuracy(checkpoint)

    def _folder(self, trial: Trial) -> Path:
        """Where a trial's run lies; the killed run's where it is one tried again on its machine."""
        runs = self.out.absolute() / "trials"
        killed = Path(trial.user_attrs.get("run", ""))
        if killed.parent == runs and killed.is_dir():
            return killed
        folder = runs / f"{trial.study.study_name}-{trial.number:04}"
        trial.set_user_attr("run", str(folder))
        trial.set_user_attr("host", socket.gethostname())
        return folder


@contextmanager
def _noted(trial: Trial, folder: Path) -> Iterator[None]:
    """Keep with the trial why it ended early, and drop what only a resume would need."""
    try:
        yield
    except optuna.TrialPruned:
        for state in folder.glob("*/last.ckpt"):
            state.unlink()
        raise
    except KeyboardInterrupt:
        trial.set_user_attr("error", "interrupted")
        raise
    except Exception as error:
        trial.set_user_attr("error", f"{error or type(error).__name__}")
        raise


def _accuracy(checkpoint: Checkpoint) -> float:
    last = checkpoint.metrics.get("int8") or checkpoint.metrics["fp32"]
    return float(last["accuracy"])


@dataclass
class _Failures:
    """Ends a sweep whose trials do nothing but fail."""

    say: Callable[[str], None]
    in_a_row: int = 0

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.say(outcome(trial))
        self.in_a_row = self.in_a_row + 1 if trial.state is TrialState.FAIL else 0
        if self.in_a_row == _FAILURES:
            raise RecipeError(
                f"{_FAILURES} trials of study {study.study_name!r} in a row have failed, the last "
                f"with: {trial.user_attrs.get('error', 'no cause given')}",
                "mend the recipe or the search space",
            )


def outcome(trial: FrozenTrial) -> str:
    """One line on a trial that has ended."""
    values = ", ".join(f"{key} {shown(value)}" for key, value in trial.params.items())
    if trial.state is TrialState.COMPLETE:
        return f"trial {trial.number}: {trial.value:.2%} with {values}"
    if trial.state is TrialState.PRUNED:
        return f"trial {trial.number}: stopped after epoch {(trial.last_step or 0) + 1}, {values}"
    return f"trial {trial.number}: failed: {trial.user_attrs.get('error', 'no cause given')}"


def shown(value: Any) -> str:
    """A value of a recipe, short enough for a table."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def search(
    experiment: Experiment,
    study: optuna.Study,
    trials: int | None,
    timeout: float | None,
    say: Callable[[str], None],
) -> None:
    """Run trials until the study has enough, the time is over, or Ctrl-C.

    Args:
        experiment: what a trial is.
        study: where trials are kept; other processes may add to it meanwhile.
        trials: how many, complete or stopped early, the study shall have in all; None sets no end.
        timeout: seconds after which no trial is begun.
        say: prints a line.

    Raises:
        OutputError: the storage went away.
        RecipeError: three trials in a row have failed.
    """
    done = len(study.get_trials(deepcopy=False, states=FINISHED))
    if trials is not None and done >= trials:
        say(f"study {study.study_name!r} has {done} trials already")
        return
    enough = [] if trials is None else [MaxTrialsCallback(trials, states=FINISHED)]
    interrupt = Interrupt()

    def objective(trial: Trial) -> float:
        with interrupt.heard():
            return experiment.run(trial)

    try:
        with interrupt:
            study.optimize(
                objective,
                timeout=timeout,
                catch=(Exception,),
                callbacks=[_Failures(say), *enough],
            )
    except KeyboardInterrupt:
        say("interrupted: what has finished is kept, and the same command goes on with it")
    except (SQLAlchemyError, OptunaError) as error:
        raise OutputError(
            f"the study's storage failed: {error}", "run the same command again to go on"
        ) from error
