"""``edge-emotion evaluate``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_emotion.artifact import Artifact, Manifest, resolve_model
from edge_emotion.cli.options import (
    PATH,
    data_option,
    json_option,
    model_argument,
    print_json,
    say,
)
from edge_emotion.errors import UsageError

if TYPE_CHECKING:
    from edge_emotion.backends import Logits, Session
    from edge_emotion.evaluation import Contrast, Examination
    from edge_emotion.evaluation.exam import Exam
    from edge_emotion.evaluation.robustness import Robustness


@click.command("evaluate")
@model_argument
@data_option
@click.option(
    "--split",
    type=click.Choice(["train", "public", "private", "test"]),
    default="public",
    show_default=True,
)
@click.option(
    "--labels",
    type=click.Choice(["fer2013", "ferplus"]),
    default="fer2013",
    show_default=True,
    help="The dataset's own labels, or the majority of FER+ votes.",
)
@click.option(
    "--votes",
    "votes_file",
    type=PATH,
    help="FER+ votes (fer2013new.csv, or by path), for --labels ferplus.",
)
@click.option("--backend", default="auto", show_default=True, help="Runtime to evaluate on.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; default: all cores.")
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True)
@click.option(
    "--against",
    metavar="OTHER",
    help="A second model on the same images: agreement, and the exact McNemar test.",
)
@click.option(
    "--robustness",
    "spoil",
    is_flag=True,
    help="Accuracy under nine corruptions at three severities too: 27 more passes.",
)
@click.option("--out", type=PATH, help="Folder for evaluation.json and pictures.")
@json_option
def command(
    model: str,
    data: str,
    split: str,
    labels: str,
    votes_file: Path | None,
    backend: str,
    threads: int | None,
    batch_size: int,
    against: str | None,
    spoil: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Measure MODEL's accuracy on labelled faces, on the runtime that will run it.

    MODEL is a path to a model file or a shipped name. One forward pass per image, no averaging.
    Accuracy is given for all images, and for those that do not stand in the training split too.
    """
    from edge_emotion.cli.evaluation_text import print_evaluation
    from edge_emotion.data import Split
    from edge_emotion.evaluation.exam import Exam
    from edge_emotion.jsonio import output_directory

    if (labels == "ferplus") != (votes_file is not None):
        raise UsageError("--labels ferplus and --votes belong together", "give both or neither")
    runner = _Runner(backend, threads, batch_size)
    artifact = resolve_model(model)
    other = None if against is None else resolve_model(against)
    if out is not None:
        output_directory(out)
    with runner.load(artifact) as session:
        exam = Exam.open(data, Split(split), votes_file)
        this = runner.answer(session, exam)
        robustness = runner.spoil(session, exam) if spoil else None
    found = exam.examine(this.logits, this.manifest.temperature)
    rival = None if other is None else runner.contrast(other, this, exam)
    document = {
        "model": this.about,
        "backend": this.backend,
        "split": split,
        "labels": labels,
        **_flat(found),
        "against": None if rival is None else _beside(rival),
        "robustness": None if robustness is None else asdict(robustness),
    }
    if out is not None:
        _publish(out, document, found, robustness)
    if as_json:
        print_json(document)
    else:
        print_evaluation(found, rival, robustness)


@dataclass(frozen=True)
class Answers:
    """What a model gave on an exam, and what ran it."""

    manifest: Manifest
    backend: str
    logits: Logits

    @property
    def about(self) -> dict[str, str]:
        """Which model it was, for the document."""
        return {
            "name": self.manifest.name,
            "sha256": self.manifest.sha256,
            "precision": self.manifest.precision,
        }


@dataclass(frozen=True)
class Rival:
    """The model that another one was compared with, and the comparison."""

    answers: Answers
    contrast: Contrast


@dataclass(frozen=True)
class _Runner:
    """How models are run."""

    backend: str
    threads: int | None
    batch_size: int

    def load(self, artifact: Artifact) -> Session:
        from edge_emotion.backends import LoadOptions, get_backend
        from edge_emotion.backends.auto import choose_backend

        automatic = self.backend == "auto"
        runtime = choose_backend(artifact, self.threads) if automatic else get_backend(self.backend)
        return runtime.load(artifact, LoadOptions(threads=self.threads, mode="throughput"))

    def answer(self, session: Session, exam: Exam) -> Answers:
        from edge_emotion.evaluation import predict_logits

        name, backend = session.artifact.path.name, session.info().backend
        say(f"evaluating {name} on {backend}: {len(exam.faces)} images")
        logits = predict_logits(session, exam.faces.images, self.batch_size)
        return Answers(session.artifact.manifest, backend, logits)

    def spoil(self, session: Session, exam: Exam) -> Robustness:
        from edge_emotion.evaluation.robustness import measure_robustness

        return measure_robustness(session, *exam.judged, self.batch_size, say)

    def contrast(self, other: Artifact, this: Answers, exam: Exam) -> Rival:
        with self.load(other) as session:
            answers = self.answer(session, exam)
        return Rival(answers, exam.contrast(this.logits, answers.logits))


def _flat(found: Examination) -> dict[str, Any]:
    document = asdict(found)
    metrics: dict[str, Any] = document.pop("metrics")
    return metrics | document


def _beside(rival: Rival) -> dict[str, Any]:
    about = {"model": rival.answers.about, "backend": rival.answers.backend}
    return about | asdict(rival.contrast)


def _publish(
    folder: Path, document: dict[str, Any], found: Examination, robustness: Robustness | None
) -> None:
    from edge_emotion.evaluation.publish import publish

    subject = (
        f"{document['model']['name']} on {document['backend']}: "
        f"{found.metrics.images:,} images of {document['split']}, {document['labels']} labels"
    )
    for path in publish(folder, document, subject, found.metrics, robustness):
        say(f"written: {path}")
