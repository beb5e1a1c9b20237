"""``edge-emotion train``."""

from __future__ import annotations

from pathlib import Path

import click

from edge_emotion.cli.options import PATH, data_option, out_option, say


@click.command("train")
@click.option("--recipe", "recipe_file", type=PATH, help="Recipe (TOML); default: the shipped one.")
@data_option
@out_option
@click.option("--resume", is_flag=True, help="Go on with the run that --out holds.")
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    type=PATH,
    help="Checkpoint to distil from, instead of those the recipe names; repeatable.",
)
@click.option(
    "--start",
    help="Model in floating point (as small-fp32), checkpoint or run to begin with instead of "
    "random weights: fine-tuning, as on faces of your own.",
)
@click.option(
    "--votes", type=PATH, help="FER+ votes, for a recipe whose [labels] make use of them."
)
@click.option(
    "--deduplicate",
    is_flag=True,
    help="Leave training faces out that repeat, contradict each other, are blank, or stand in a "
    "held-out split too.",
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override the recipe.")
def command(
    recipe_file: Path | None,
    data: str,
    out: Path,
    resume: bool,
    teachers: tuple[Path, ...],
    start: str | None,
    votes: Path | None,
    deduplicate: bool,
    overrides: tuple[str, ...],
) -> None:
    """Train a network in floating point, then quantization-aware, from one recipe."""
    from edge_emotion.training import recipe as recipes

    source = recipe_file or recipes.DEFAULT_RECIPE
    if deduplicate:
        overrides = (*overrides, "deduplicate=true")
    recipe = recipes.load_recipe(source, overrides)
    teachers = teachers or recipe.teacher_files(source.parent)
    from edge_emotion.models.checkpoint import CHECKPOINT
    from edge_emotion.training.faces import load_training_data
    from edge_emotion.training.run import train
    from edge_emotion.training.world import World

    leads = World.here().leads
    faces = load_training_data(data, recipe, votes)
    if faces.left_out and leads:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in faces.left_out.items())
        say(f"training on {len(faces.train):,} images; left out: {reasons.replace('_', ' ')}")
    checkpoint = train(recipe, faces, out, resume, teachers, start=start)
    if not leads:
        return
    images = checkpoint.metrics["validation"]["images"]
    for phase in ("fp32", "int8"):
        if phase in checkpoint.metrics:
            accuracy = checkpoint.metrics[phase]["accuracy"]
            say(f"{phase}: {accuracy:.2%} of {images} validation images")
    click.echo(str(out / CHECKPOINT))
