"""Measure the shipped files of a recipe, and write what is found into manifests and model card.

    python export/stamp.py small --data archive.zip [--votes ferplus_votes.csv]

Needs no checkpoint and no torch: everything is measured of the very files that ship, each on every
CPU runtime. The model files stay as they are.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from card import ASSETS, RECIPES, write_card

from edge_emotion.artifact import Artifact, Manifest, publish_manifest
from edge_emotion.artifact import read_manifest as manifest_of
from edge_emotion.backends import LoadOptions, Logits, Session, get_backend
from edge_emotion.data import Split
from edge_emotion.evaluation import Score, predict_logits
from edge_emotion.evaluation.exam import Exam
from edge_emotion.evaluation.robustness import measure_robustness
from edge_emotion.export.calibrate import calibrate
from edge_emotion.figures import (
    AccuracyFigure,
    AgainstFigure,
    ClassFigure,
    Measurement,
    PartFigure,
    RobustnessFigure,
)
from edge_emotion.training.recipe import load_recipe

BACKENDS = ("onnxruntime", "openvino")
"""Every accuracy is measured on both, everything else on the first."""
BATCH = 256


@click.command()
@click.argument("name")
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option(
    "--votes",
    type=click.Path(path_type=Path),
    help="FER+ votes: accuracy by people's majority too; needed for a recipe of theirs.",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=ASSETS,
    show_default="what ships",
    help="Folder of the model files.",
)
def main(name: str, data: str, votes: Path | None, assets: Path) -> None:
    """Stamp the files of export/recipes/NAME.toml."""
    artifacts = [
        Artifact.load(path)
        for path in sorted(assets.glob("*.onnx"))
        if manifest_of(path).recipe == name
    ]
    if not artifacts:
        raise click.ClickException(f"{assets} has no file of recipe {name!r}")
    for manifest, artifact in zip(stamp(artifacts, data, votes), artifacts, strict=True):
        publish_manifest(artifact.path, manifest)
    write_card(name, assets)


@dataclass(frozen=True)
class Answers:
    """What one file gave on the images: backend → logits (N, 7)."""

    artifact: Artifact
    by_backend: dict[str, Logits]


def stamp(artifacts: Sequence[Artifact], data: str, votes: Path | None) -> list[Manifest]:
    """Measure the files of one recipe on PublicTest.

    A recipe that learns from the majority of FER+ votes is calibrated, compared and spoilt under
    these, any other under FER-2013's labels. Accuracy is measured under both where votes are given.

    Args:
        artifacts: all files of the recipe, in every precision and encoding.
        data: FER-2013.
        votes: file of FER+ votes.

    Returns:
        The complete manifest of each file.
    """
    recipe = load_recipe(RECIPES / f"{artifacts[0].manifest.recipe}.toml")
    own = recipe.labels.source
    if own == "ferplus" and votes is None:
        raise click.ClickException(f"recipe {recipe.name!r} is judged by votes: pass --votes FILE")
    exams = {"fer2013": Exam.open(data, Split.PUBLIC, None)}
    if votes is not None:
        exams["ferplus"] = Exam.open(data, Split.PUBLIC, votes)
    exams = {own: exams[own], **exams}
    answers = [answer(artifact, exams[own]) for artifact in artifacts]
    return [describe(each, answers, exams) for each in answers]


def answer(artifact: Artifact, exam: Exam) -> Answers:
    """Run one file by itself on every CPU runtime."""
    by_backend = {}
    for name in BACKENDS:
        with alone(artifact, name) as session:
            by_backend[name] = predict_logits(session, exam.faces.images, BATCH)
    return Answers(artifact, by_backend)


def describe(answers: Answers, everyone: Sequence[Answers], exams: dict[str, Exam]) -> Manifest:
    """The manifest of one file with everything that was found; the first exam is its own."""
    labels, exam = next(iter(exams.items()))
    backend, logits = BACKENDS[0], answers.by_backend[BACKENDS[0]]
    judged = logits[exam.truth.judged]
    measurement = at(exam, labels, backend)
    manifest = calibrate(answers.artifact.manifest, judged, exam.truth.labels, measurement)
    figures = [
        accuracy_figure(exam, labels, backend, logits)
        for labels, exam in exams.items()
        for backend, logits in answers.by_backend.items()
    ]
    rival = floating(answers, everyone)
    against = None if rival is None else against_figure(answers, rival, exam, measurement)
    robustness = robustness_figure(answers.artifact, exam, measurement)
    print(
        f"{answers.artifact.path.name}: {figures[0].accuracy:.2%}, T = {manifest.temperature:.3f}"
    )
    update = {"accuracy": tuple(figures), "against_fp32": against, "robustness": robustness}
    return manifest.model_copy(update=update)


def floating(answers: Answers, everyone: Sequence[Answers]) -> Answers | None:
    """The floating-point file of the same checkpoint, for a quantised one."""
    own = answers.artifact.manifest
    if own.precision != "int8":
        return None
    siblings = (
        each
        for each in everyone
        if each.artifact.manifest.precision == "fp32"
        and each.artifact.manifest.source_sha256 == own.source_sha256
    )
    return next(siblings, None)


def at(exam: Exam, labels: str, backend: str) -> Measurement:
    """Where a figure comes from."""
    return Measurement(
        split=exam.faces.split.value,
        images=len(exam.truth.labels),
        backend=backend,
        labels=labels,  # type: ignore[arg-type]
    )


def accuracy_figure(exam: Exam, labels: str, backend: str, logits: Logits) -> AccuracyFigure:
    """Accuracy and everything that a confusion matrix tells."""
    found = exam.examine(logits, temperature=1.0)  # no figure here depends on it
    metrics, votes = found.metrics, found.ferplus
    return AccuracyFigure(
        **at(exam, labels, backend).model_dump(),
        accuracy=metrics.accuracy,
        leak_free=part(found.leak_free),
        eight_class=None if votes is None else part(votes.eight_class),
        label_agreement=None if votes is None else votes.label_agreement,
        balanced_accuracy=metrics.balanced_accuracy,
        macro_f1=metrics.macro_f1,
        per_class={
            label: ClassFigure(**asdict(figures)) for label, figures in metrics.per_class.items()
        },
    )


def part(score: Score | None) -> PartFigure | None:
    """A score as manifests record it."""
    return None if score is None else PartFigure(images=score.images, accuracy=score.accuracy)


def against_figure(
    answers: Answers, rival: Answers, exam: Exam, measurement: Measurement
) -> AgainstFigure:
    """One file beside another on the same runtime."""
    backend = measurement.backend
    contrast = exam.contrast(answers.by_backend[backend], rival.by_backend[backend])
    return AgainstFigure(
        **measurement.model_dump(),
        name=rival.artifact.manifest.name,
        sha256=rival.artifact.manifest.sha256,
        agreement=contrast.agreement,
        only_this=contrast.only_this,
        only_other=contrast.only_other,
        accuracy_difference=contrast.accuracy_difference,
        mcnemar_p=contrast.mcnemar_p,
    )


def robustness_figure(artifact: Artifact, exam: Exam, measurement: Measurement) -> RobustnessFigure:
    """Accuracy of one file under every corruption."""
    with alone(artifact, measurement.backend) as session:
        found = measure_robustness(session, *exam.judged, BATCH, click.echo)
    return RobustnessFigure(**measurement.model_dump(), **asdict(found))


@contextmanager
def alone(artifact: Artifact, backend: str) -> Iterator[Session]:
    """Load a file that has no other beside it.

    A runtime would swap in the encoding that it likes better.
    """
    with tempfile.TemporaryDirectory() as folder:
        for part in artifact.path.parent.glob(f"{artifact.path.name}*"):
            shutil.copy(part, folder)
        copy = Artifact.load(Path(folder) / artifact.path.name)
        with get_backend(backend).load(copy, LoadOptions(mode="throughput")) as session:
            yield session


if __name__ == "__main__":
    main()
