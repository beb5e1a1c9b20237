"""``edge-emotion sweep``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.cli.options import PATH, data_option, json_option, out_option, print_json, say
from edge_emotion.errors import RecipeError, UsageError

if TYPE_CHECKING:
    import optuna

    from edge_emotion.training.sweep import Experiment

_SHOWN = 10


class _Name(click.ParamType):  # type: ignore[type-arg] # generic since click 8.3 only
    """What a study may be called: a part of file names."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text or not set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-"):
            self.fail(
                f"{text!r} has more than lower-case letters, digits, '.', '_', '-'", param, ctx
            )
        return text


@click.command("sweep")
@click.option("--recipe", "recipe_file", type=PATH, help="Recipe (TOML); default: the shipped one.")
@data_option
@click.option(
    "--space",
    "space_file",
    type=PATH,
    required=True,
    help="What to search (TOML): [fp32.learning_rate] with low, high, log, step, or choices.",
)
@out_option
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    help="Trials that the study shall have in all, whoever runs them; default: until stopped.",
)
@click.option(
    "--storage",
    help="Database URL (sqlite:///FILE, postgresql://…, mysql://…) or journal:FILE, which several "
    "processes or machines may share.  [default: OUT/study.db]",
)
@click.option("--study", "study_name", type=_Name(), help="Its name there; default: the recipe's.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), help="Seconds after which no trial is begun."
)
@click.option(
    "--validate",
    type=click.Choice(["fold", "public"]),
    default="fold",
    show_default=True,
    help="Judge by a tenth of the train split that is held out, or by PublicTest, whose figure "
    "then says nothing any more.",
)
@click.option(
    "--pruner",
    type=click.Choice(["median", "hyperband", "none"]),
    default="median",
    show_default=True,
    help="How unpromising trials are stopped early.",
)
@click.option(
    "--startup-trials",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Trials drawn at random before the search learns from them and stops others.",
)
@click.option(
    "--heartbeat",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="Seconds between a trial's signs of life in a database; after three without one it is "
    "tried again.",
)
@click.option("--votes", type=PATH, help="FER+ votes, for a recipe that makes use of them.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override the recipe.")
@json_option
def command(
    recipe_file: Path | None,
    data: str,
    space_file: Path,
    out: Path,
    trials: int | None,
    storage: str | None,
    study_name: str | None,
    timeout: float | None,
    validate: str,
    pruner: Any,
    startup_trials: int,
    heartbeat: int,
    votes: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Search a recipe's values for the most accurate network.

    Each trial is a training run under OUT/trials. Processes that are given the same --storage and
    --study share their trials. The same command goes on with what was stopped; Ctrl-C ends it, and
    what has finished is kept.
    """
    from edge_emotion.jsonio import output_directory
    from edge_emotion.training import recipe as recipes
    from edge_emotion.training.holdout import Fold
    from edge_emotion.training.space import load_space
    from edge_emotion.training.study import described, make_pruner, open_storage, open_study
    from edge_emotion.training.world import World

    if World.here().size > 1:
        raise UsageError("a sweep does not run under torchrun", "start one sweep a process")
    source = recipe_file or recipes.DEFAULT_RECIPE
    recipe = recipes.load_recipe(source, overrides)
    space = load_space(space_file, recipe)
    output_directory(out)
    place = storage or f"sqlite:///{out.absolute() / 'study.db'}"
    kept = open_storage(place, heartbeat)
    from edge_emotion.training.sweep import Experiment, search
    from edge_emotion.training.sweep_results import BEST, publish

    experiment = Experiment(
        recipe=recipe,
        teachers=recipe.teacher_files(source.parent),
        space=space,
        source=data,
        votes=votes,
        fold=Fold() if validate == "fold" else None,
        out=out,
    )
    study = open_study(
        study_name or recipe.name,
        kept,
        make_pruner(pruner, startup_trials, experiment.epochs),
        startup_trials,
        experiment.settings(),
    )
    try:
        search(experiment, study, trials, timeout, say)
    finally:
        document = publish(experiment, study, described(place))
    _show(experiment, study)
    if as_json:
        print_json(document)
    if document["best"] is None:
        raise RecipeError(
            f"no trial of study {study.study_name!r} is complete", f"see {out / 'sweep.json'}"
        )
    if not as_json:
        click.echo(str(out / BEST))


def _show(experiment: Experiment, study: optuna.Study) -> None:
    """The best trials as a table on stderr."""
    from rich.console import Console
    from rich.table import Table

    from edge_emotion.training.sweep import shown
    from edge_emotion.training.sweep_results import best_trials

    table = Table(title=f"best trials of study {study.study_name}", title_justify="left")
    for title in ("trial", "accuracy", *experiment.space):
        table.add_column(title, justify="right")
    for trial in best_trials(study)[:_SHOWN]:
        values = [shown(trial.params[key]) for key in experiment.space]
        table.add_row(str(trial.number), f"{trial.value or 0:.2%}", *values)
    console = Console(stderr=True, highlight=False)
    console.print(table)
    states = [trial.state.name.lower() for trial in study.get_trials(deepcopy=False)]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    say(", ".join(f"{count} {state}" for state, count in counts.items()))
