r"""Keep what teachers, and people, say of each training face: all that a distillation needs.

    python export/answers.py first teacher-a.safetensors teacher-b.safetensors \
        --data archive.zip --votes votes.csv

Writes ``teachers/answers/NAME.safetensors`` and beside it a JSON file that tells how it was made
and how good it is. A recipe names it as ``teachers = ["../teachers/answers/NAME.safetensors"]``.

The teachers' answer is the mean of their probabilities, each over a face and its mirror image.
FER+'s ten people see more in a face than one label says, but mean other things by their words: the
majority agrees with 62.6 % of FER-2013's labels. So votes are first put into the labels' terms,
p(label | votes), by multinomial logistic regression on the train split, and then weighed against
the teachers as evidence: p(label | face) · (p(label | votes) / p(label))^weight, normalised.
PublicTest judges, and chooses the weight; it is in no way trained on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from edge_emotion.artifact import Artifact
from edge_emotion.data import FaceSet, Split
from edge_emotion.data.ballots import read_votes
from edge_emotion.data.ferplus import Votes
from edge_emotion.data.source import choose_split, read_source
from edge_emotion.emotions import LABELS
from edge_emotion.jsonio import output_directory, sha256_of, write_json
from edge_emotion.training.answers import save_answers
from edge_emotion.training.teachers import load_teacher

TEACHERS = Path(__file__).parent / "teachers"
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much votes may count beside the teachers."""

Probabilities = npt.NDArray[np.float32]


def ensemble(paths: list[Path], faces: FaceSet) -> Probabilities:
    """Mean probabilities (N, 7) of teachers over each face and its mirror image."""
    batches = torch.split(torch.from_numpy(faces.images).unsqueeze(1).float(), 256)
    opinions = [
        torch.cat([teacher(view).logits.softmax(1) for view in views])
        for teacher in map(load_teacher, paths)
        for views in (batches, [batch.flip(3) for batch in batches])
    ]
    return np.asarray(torch.stack(opinions).mean(0), np.float32)


@dataclass(frozen=True)
class Translation:
    """p(label | votes) / p(label), by multinomial logistic regression.

    Args:
        layer: ten shares of the votes and their square roots → logits of the seven labels.
        prior: how often each label is given: (7,).
    """

    layer: torch.nn.Linear
    prior: torch.Tensor

    @classmethod
    def fit(cls, votes: Votes, labels: npt.NDArray[np.int64]) -> Translation:
        """Fit to the faces of one split; those without votes are left out."""
        asked = ~votes.missing()
        shares, given = _features(votes)[asked], torch.from_numpy(labels[asked])
        layer = torch.nn.Linear(shares.shape[1], len(LABELS))
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        solver = torch.optim.LBFGS(layer.parameters(), max_iter=500, line_search_fn="strong_wolfe")

        def loss() -> torch.Tensor:
            solver.zero_grad()
            value = functional.cross_entropy(layer(shares), given)
            value = value + 1e-5 * layer.weight.square().sum()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        solver.step(loss)  # type: ignore[no-untyped-call]
        return cls(layer, torch.bincount(given, minlength=len(LABELS)) / len(given))

    @torch.no_grad()
    def evidence(self, votes: Votes) -> npt.NDArray[np.float32]:
        """Logarithm of p(label | votes) / p(label): (N, 7); 0 where nobody was asked."""
        found = self.layer(_features(votes)).log_softmax(1) - self.prior.log()
        found[torch.from_numpy(votes.missing())] = 0
        return np.asarray(found, np.float32)


def _features(votes: Votes) -> torch.Tensor:
    counts = torch.from_numpy(votes.counts).float()
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1)
    return torch.cat([shares, shares.sqrt()], 1)


def weighed(
    probabilities: Probabilities, evidence: npt.NDArray[np.float32], weight: float
) -> Probabilities:
    """Teachers and votes together, rows that sum to 1."""
    logits = torch.from_numpy(np.log(probabilities) + weight * evidence)
    return np.asarray(logits.softmax(1), np.float32)


def figures(probabilities: Probabilities, labels: npt.NDArray[np.int64]) -> dict[str, float]:
    """Accuracy and mean negative log-likelihood."""
    given = probabilities[np.arange(len(labels)), labels]
    return {
        "accuracy": round(float(np.mean(probabilities.argmax(1) == labels)), 4),
        "nll": round(float(-np.log(given).mean()), 4),
    }


@click.command()
@click.argument("name")
@click.argument("teachers", nargs=-1, required=True)
@click.option("--data", required=True, help="FER-2013 as zip, folder or CSV.")
@click.option("--votes", "votes_file", type=click.Path(path_type=Path), help="FER+ votes.")
def answers(name: str, teachers: tuple[str, ...], data: str, votes_file: Path | None) -> None:
    """Keep the answers of the TEACHERS (files under export/teachers) as NAME."""
    paths = [TEACHERS / teacher for teacher in teachers]
    table, source = read_source(data)
    train, public = (choose_split(table, source, s, data) for s in (Split.TRAIN, Split.PUBLIC))
    kept, judged = ensemble(paths, train), ensemble(paths, public)
    alone = figures(kept, train.labels)
    made: dict[str, object] = {
        "teachers": {path.name: sha256_of(path) for path in paths},
        "networks": {path.name: Artifact.load(path).manifest.network for path in paths},
        "source_sha256": source,
        "public": {"teachers": figures(judged, public.labels)},
        "train": {"teachers": alone},
    }
    if votes_file is not None:
        ballots = read_votes(votes_file)
        translation = Translation.fit(ballots.on(train), train.labels)
        evidence = translation.evidence(ballots.on(public))
        tried = {w: figures(weighed(judged, evidence, w), public.labels) for w in WEIGHTS}
        best = min(tried, key=lambda weight: tried[weight]["nll"])
        kept = weighed(kept, translation.evidence(ballots.on(train)), best)
        made |= {
            "votes_sha256": ballots.sha256,
            "votes_weight": best,
            "public": {"teachers": tried[0.0], "with_votes": tried[best]},
            "train": {"teachers": alone, "with_votes": figures(kept, train.labels)},
        }
    path = output_directory(TEACHERS / "answers") / f"{name}.safetensors"
    save_answers(path, train.images, kept)
    write_json(path.with_name(f"{path.name}.json"), {"sha256": sha256_of(path), **made})
    print(json.dumps(made["public"]))


if __name__ == "__main__":
    answers()
