"""The model card, written from the recipe and the manifests, so that no figure is typed by hand.

    python export/card.py small

Measures nothing: ``stamp.py`` does, and writes the card as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from string import Template

import click
from pydantic import BaseModel

from edge_emotion.artifact import Manifest, read_manifest
from edge_emotion.evaluation import wilson_interval
from edge_emotion.figures import JUDGES, AccuracyFigure, PartFigure
from edge_emotion.jsonio import write_text
from edge_emotion.training.recipe import Recipe, load_recipe

HERE = Path(__file__).parent
ASSETS = HERE.parent / "edge_emotion" / "assets"
RECIPES = HERE / "recipes"

_NOT_MEASURED = "Not measured."


@click.command()
@click.argument("name")
def main(name: str) -> None:
    """Write the card of export/recipes/NAME.toml again."""
    write_card(name, ASSETS)


def write_card(name: str, assets: Path) -> None:
    """Write the model card of a recipe beside its files, from their manifests."""
    manifests = [read_manifest(path) for path in sorted(assets.glob("*.onnx"))]
    own = [each for each in manifests if each.recipe == name]
    if not own:
        raise click.ClickException(f"{assets} has no file of recipe {name!r}")
    card = model_card(load_recipe(RECIPES / f"{name}.toml"), own)
    write_text(assets / f"{name}.md", card)


def model_card(recipe: Recipe, manifests: Sequence[Manifest]) -> str:
    """Markdown for one model and all files it ships as.

    Args:
        recipe: what they were made by.
        manifests: of every file.
    """
    ordered = sorted(manifests, key=lambda each: (each.precision != "int8", each.encoding))
    first = ordered[0]
    template = (HERE / "card.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        name=recipe.name,
        labels=", ".join(first.labels),
        network=first.network,
        macs=f"{first.macs / 1e6:.1f}",
        parameters=f"{first.parameters / 1e6:.2f}",
        shape="×".join("N" if size is None else str(size) for size in first.input.shape),
        normalisation=first.input.normalisation,
        classes=len(first.labels),
        tools=", ".join(f"{tool} {version}" for tool, version in first.tools.items()),
        data=_data(recipe),
        recipe=_table(("setting", "value"), _settings(recipe)),
        accuracy=_accuracy(ordered),
        caveat=_caveat(first),
        first_backend=first.accuracy[0].backend if first.accuracy else "none",
        per_class=_per_class(ordered),
        calibration=_calibration(ordered),
        against=_against(ordered),
        robustness=_robustness(ordered),
        trained_against=_trained_against(recipe),
        limits="\n".join(f"* {limit}" for limit in _limits(first)),
    )


def _data(recipe: Recipe) -> str:
    cleaned = ", without repeated, contradictory, held-out and blank faces"
    votes = recipe.labels.votes_weight
    truth = {
        "fer2013": "its own labels",
        "ferplus": "the majority of FER+ votes (Barsoum et al., 2016)",
    }[recipe.labels.source]
    mixed = f", mixed with {votes:.0%} of the distribution of FER+ votes" if votes else ""
    teachers = recipe.distillation.teachers if recipe.distillation else ()
    named = ", ".join(f"`{PurePosixPath(teacher).stem}`" for teacher in teachers)
    taught = f" It was distilled from {named} (`export/teachers/`)." if teachers else ""
    return (
        f"FER-2013 (Goodfellow et al., 2013), train split{cleaned * recipe.deduplicate}, towards "
        f"{truth}{mixed}.{taught} Recipe: `export/recipes/{recipe.name}.toml`; what it leaves to "
        "the defaults is in this table too."
    )


def _settings(table: BaseModel, within: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table:
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{within}{key}.")
        elif value is not None:
            yield f"{within}{key}", _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _accuracy(manifests: Sequence[Manifest]) -> str:
    head = (
        "file", "backend", "split", "judged by", "images", "accuracy", "95 % interval",
        "leak-free", "8 classes", "balanced", "macro F1",
    )  # fmt: skip
    return _table(
        head,
        (
            (
                _file(manifest),
                figure.backend,
                figure.split,
                JUDGES[figure.labels],
                f"{figure.images:,}",
                f"{figure.accuracy:.2%}",
                _interval(figure),
                _part(figure.leak_free),
                _part(figure.eight_class),
                _percent(figure.balanced_accuracy),
                _percent(figure.macro_f1),
            )
            for manifest in manifests
            for figure in manifest.accuracy
        ),
    )


def _interval(figure: AccuracyFigure) -> str:
    low, high = wilson_interval(round(figure.accuracy * figure.images), figure.images)
    return f"{low:.2%} to {high:.2%}"


def _part(figure: PartFigure | None) -> str:
    return "" if figure is None else f"{figure.accuracy:.2%} of {figure.images:,}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _caveat(first: Manifest) -> str:
    sentences = ["PublicTest was used to choose the recipe, so its figure is optimistic."]
    figure = first.accuracy[0] if first.accuracy else None
    if figure and figure.leak_free:
        seen = 1 - figure.leak_free.images / figure.images
        sentences.append(f"{seen:.1%} of the images judged are near an image of the train split.")
    return " ".join([*sentences, "PrivateTest was used for nothing."])


def _per_class(manifests: Sequence[Manifest]) -> str:
    measured = [each for each in manifests if each.accuracy and each.accuracy[0].per_class]
    if not measured:
        return _NOT_MEASURED
    rows = (
        (
            label,
            f"{measured[0].accuracy[0].per_class[label].support:,}",
            *(
                f"{figures.precision:.1%} / {figures.recall:.1%}"
                for figures in (each.accuracy[0].per_class[label] for each in measured)
            ),
        )
        for label in measured[0].accuracy[0].per_class
    )
    return _table(("class", "images", *map(_file, measured)), rows)


def _calibration(manifests: Sequence[Manifest]) -> str:
    rows = [
        (
            _file(manifest),
            figure.backend,
            figure.split,
            JUDGES[figure.labels],
            f"{figure.images:,}",
            f"{manifest.temperature:.3f}",
            f"{figure.ece_uncalibrated:.4f}",
            f"{figure.ece_cross_fitted:.4f}",
        )
        for manifest in manifests
        if (figure := manifest.calibration)
    ]
    head = ("file", "backend", "split", "judged by", "images", "temperature", "before", "after")
    return _table(head, rows) if rows else _NOT_MEASURED


def _against(manifests: Sequence[Manifest]) -> str:
    rows = [
        (
            _file(manifest),
            f"`{figure.name}`",
            figure.backend,
            f"{figure.images:,}",
            f"{figure.agreement:.2%}",
            f"{100 * figure.accuracy_difference:+.2f} points",
            f"{figure.only_this:,}",
            f"{figure.only_other:,}",
            f"{figure.mcnemar_p:.3f}",
        )
        for manifest in manifests
        if (figure := manifest.against_fp32)
    ]
    head = (
        "file", "against", "backend", "images", "same answer", "accuracy", "it alone right",
        "the other alone", "p",
    )  # fmt: skip
    return _table(head, rows) if rows else _NOT_MEASURED


def _robustness(manifests: Sequence[Manifest]) -> str:
    measured = [(_file(each), figure) for each in manifests if (figure := each.robustness)]
    if not measured:
        return _NOT_MEASURED
    names, figures = zip(*measured, strict=True)
    rows = [("clean", *(f"{100 * figure.clean:.1f}" for figure in figures))]
    rows += [
        (kind.replace("_", " "), *(_severities(figure.corruptions[kind]) for figure in figures))
        for kind in figures[0].corruptions
    ]
    rows.append(("**mean**", *(_severities(figure.mean) for figure in figures)))
    lost = (f"{100 * figure.drop_middle:.2f} points" for figure in figures)
    rows.append(("clean less the mean at severity 2", *lost))
    return _table(("corruption", *names), rows)


def _trained_against(recipe: Recipe) -> str:
    """Which of the corruptions are not new to the model."""
    settings = recipe.degradation
    known = [word for word, most in (("blur", settings.blur), ("noise", settings.noise)) if most]
    if not known:
        return ""
    return (
        f" It was trained on\nfaces with {' and '.join(known)} too (`degradation`), so what it "
        "loses to these says little of\nwhat it loses to something new."
    )


def _severities(shares: Sequence[float]) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares)


def _limits(first: Manifest) -> Iterator[str]:
    voted = next((figure for figure in first.accuracy if figure.label_agreement), None)
    told = ""
    if voted:
        told = (
            f": where ten people have a majority (FER+), it confirms {voted.label_agreement:.1%}\n"
            f"  of {voted.images:,} labels"
        )
    yield f"FER-2013's labels are noisy{told}."
    yield (
        "Faces come from web searches for emotion words: posed and exaggerated expressions are\n"
        "  over-represented, and so are adults, light skin and frontal views. Nobody measured how "
        "accuracy\n  differs between groups of people."
    )
    yield "It sees 48×48 pixels; what a small or blurred face has lost cannot be guessed."
    yield "An expression is not a feeling. The model reads the shape of a face, nothing else."
    classes = first.accuracy[0].per_class if first.accuracy else {}
    if classes:
        rarest = min(classes, key=lambda label: classes[label].support)
        yield (
            f"{rarest.capitalize()} has {classes[rarest].support:,} of "
            f"{first.accuracy[0].images:,} images; its figures are the least certain."
        )


def _file(manifest: Manifest) -> str:
    middle = "" if manifest.encoding == "none" else f".{manifest.encoding}"
    return f"`{manifest.name}{middle}.onnx`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
