"""What a sweep leaves: every trial as JSON, and the best one as a recipe."""

from __future__ import annotations

from typing import Any

import optuna
import tomli_w
from optuna.trial import FrozenTrial, TrialState

from edge_emotion.jsonio import write_json, write_text
from edge_emotion.training.recipe import Recipe
from edge_emotion.training.sweep import Experiment

RESULT = "sweep.json"
BEST = "best.toml"


def best_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Complete trials, the most accurate first."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(complete, key=lambda trial: (-(trial.value or 0.0), trial.number))


def publish(experiment: Experiment, study: optuna.Study, storage: str) -> dict[str, Any]:
    """Write ``sweep.json`` and, once a trial is complete, ``best.toml`` into the sweep's folder.

    Args:
        experiment: what was searched.
        study: its trials.
        storage: where they are kept, as it may be printed.

    Returns:
        What ``sweep.json`` holds.
    """
    best = next(iter(best_trials(study)), None)
    document = {
        "study": study.study_name,
        "storage": storage,
        **experiment.settings(),
        "best": None if best is None else best.number,
        "trials": [_entry(trial) for trial in study.get_trials(deepcopy=False)],
    }
    if best is not None:
        write_text(experiment.out / BEST, _best_recipe(experiment, study, best))
    write_json(experiment.out / RESULT, document)
    return document


def _entry(trial: FrozenTrial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "accuracy": trial.value if trial.state is TrialState.COMPLETE else None,
        "values": trial.params,
        "accuracy_by_epoch": {
            str(step + 1): value for step, value in sorted(trial.intermediate_values.items())
        },
        "seconds": None if trial.duration is None else round(trial.duration.total_seconds(), 1),
        "run": trial.user_attrs.get("run"),
        "host": trial.user_attrs.get("host"),
        "error": trial.user_attrs.get("error"),
    }


def _best_recipe(experiment: Experiment, study: optuna.Study, best: FrozenTrial) -> str:
    recipe: Recipe = experiment.recipe.with_values(best.params)
    document = recipe.model_dump(mode="json", exclude_none=True)
    if experiment.teachers:
        # Relative names count from the recipe's own folder, and this is another.
        document["distillation"]["teachers"] = [
            str(path.absolute()) for path in experiment.teachers
        ]
    judged = experiment.data(recipe).validation
    where = "PublicTest" if experiment.fold is None else "a fold of the train split"
    return (
        f"# Trial {best.number} of study {study.study_name}: {best.value:.2%} of {len(judged):,} "
        f"images of {where}.\n\n{tomli_w.dumps(document)}"
    )
