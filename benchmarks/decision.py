"""How steady labels are, and how late: the rules of the camera loop's decision, one by one.

    python benchmarks/decision.py --data archive.zip --votes ferplus_votes.csv

Each clip shows a face of FER-2013's PublicTest for eight seconds, then one of another class for
four, by the majority of its FER+ votes, at 25 frames a second, as a camera and a detector would
hand them over: the head drifts and tilts, the light changes, the sensor is noisy, and the box jumps
a little at every look of the detector. The camera's model reads every frame; the rules then decide
on the same readings. Flicker is how often the label of the first face changes (to or from
``uncertain``, too). Delay is how long after the second face's first frame its emotion is named, for
clips whose readings agree on two different emotions and give the second at least 0.5 on average.
Pictures are made in memory and never written. Writes ``results/decision.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera.decision import STEADY, Decision, Label, Rules
from edge_emotion.data import Split
from edge_emotion.emotions import Emotion
from edge_emotion.evaluation.exam import Exam
from edge_emotion.inference import EmotionClassifier
from edge_emotion.jsonio import write_json
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.tracking import looks_every

RESULT = Path(__file__).parent / "results" / "decision.json"
RATE = 25
BEFORE, AFTER = 8 * RATE, 4 * RATE
SIDE = 48

BOX_SHIFT, BOX_SCALE = 0.025, 0.03
"""Standard deviations of a look's box, as shares of its side."""
HEAD_SHIFT, HEAD_DEGREES, LIGHT = 0.03, 4.0, 0.1
"""Standard deviations of slow movements: of the head, as a share of its side, and of the light, as
a logarithm."""
HEAD_SECONDS, LIGHT_SECONDS = 1.0, 2.0
NOISE, BLUR = 4.0, 0.4
"""Of the sensor, in grey levels and in pixels."""

SWEEPS: dict[str, tuple[float, ...]] = {
    "smoothing": (0.0, 0.25, 0.5, 1.0),
    "uncertain": (0.0, 0.35, 0.4, 0.45, 0.5),
    "margin": (0.0, 0.1, 0.2, 0.3),
    "hold": (0.0, 0.2, 0.4, 0.6),
}


@dataclass(frozen=True)
class Clips:
    """What was read of every clip.

    Args:
        readings: float32, (clips, frames, 7).
        labels: (clips,), of the first faces.
    """

    readings: np.ndarray
    labels: np.ndarray


def drift(random: np.random.Generator, frames: int, seconds: float) -> np.ndarray:
    """An Ornstein-Uhlenbeck process of variance 1 with a correlation time."""
    kept = np.exp(-1 / (seconds * RATE))
    values = [random.normal()]
    for _ in range(frames - 1):
        values.append(kept * values[-1] + np.sqrt(1 - kept**2) * random.normal())
    return np.array(values)


def views(face: np.ndarray, frames: int, random: np.random.Generator) -> np.ndarray:
    """A face as a camera sees it, frame by frame: uint8, (frames, 48, 48)."""
    head = [drift(random, frames, HEAD_SECONDS) for _ in range(3)]
    light = np.exp(LIGHT * drift(random, frames, LIGHT_SECONDS))
    interval = looks_every(RATE)
    seen = []
    for index in range(frames):
        if index % interval == 0:
            box = random.normal(0, BOX_SHIFT, 2) * SIDE
            scale = np.exp(random.normal(0, BOX_SCALE))
        middle = (SIDE - 1) / 2
        degrees = HEAD_DEGREES * head[2][index]
        turn = np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, scale), np.float64)
        turn[:, 2] += box + HEAD_SHIFT * SIDE * np.array([head[0][index], head[1][index]])
        moved = cv2.warpAffine(face, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        soft = cv2.GaussianBlur(moved.astype(np.float32), (0, 0), BLUR) * light[index]
        noisy = soft + random.normal(0, NOISE, soft.shape)
        seen.append(noisy.clip(0, 255).astype(np.uint8))
    return np.stack(seen)


def read(
    faces: np.ndarray, classes: np.ndarray, classifier: EmotionClassifier, count: int
) -> Clips:
    """Make the clips and read them."""
    random = np.random.default_rng(0)
    order = random.permutation(len(faces))
    readings, labels = [], []
    for first in order[:count]:
        second = next(
            each for each in random.permutation(len(faces)) if classes[each] != classes[first]
        )
        frames = np.concatenate(
            [
                views(faces[first], BEFORE, random),
                views(faces[second], AFTER, random),
            ]
        )
        readings.append(classifier.predict(frames))
        labels.append(classes[first])
    return Clips(np.stack(readings), np.array(labels))


def decided(readings: np.ndarray, rules: Rules) -> list[Label]:
    """The label of every frame of one clip."""
    decision = Decision(rules)
    return [decision.judge(row, index / RATE).label for index, row in enumerate(readings)]


def delay(labels: list[Label], readings: np.ndarray) -> float | None:
    """Seconds until the second face's emotion is named; ``None`` where the clip does not count."""
    first, second = (part.mean(axis=0) for part in (readings[:BEFORE], readings[BEFORE:]))
    if first.argmax() == second.argmax() or second.max() < 0.5:
        return None
    wanted = list(Emotion)[int(second.argmax())]
    after = labels[BEFORE:]
    named = next((index for index, label in enumerate(after) if label.emotion is wanted), AFTER)
    return (named + 1) / RATE


def figures(clips: Clips, rules: Rules) -> dict[str, Any]:
    """What rules make of all clips."""
    shown = [decided(readings, rules) for readings in clips.readings]
    changes = np.array([sum(a != b for a, b in pairwise(each[:BEFORE])) for each in shown])
    named, right = 0, 0
    for each, truth in zip(shown, clips.labels, strict=True):
        emotions = [label.emotion for label in each[:BEFORE] if label.emotion is not None]
        named += len(emotions)
        right += sum(emotion.position == truth for emotion in emotions)
    delays = [delay(*each) for each in zip(shown, clips.readings, strict=True)]
    counted = np.array([each for each in delays if each is not None])
    return {
        "rules": asdict(rules),
        "flicker_per_minute": round(float(changes.mean()) * 60 * RATE / BEFORE, 3),
        "tracks_without_flicker": round(float((changes == 0).mean()), 4),
        "named": round(named / (len(shown) * BEFORE), 4),
        "accuracy_where_named": round(right / named, 4),
        "delay_seconds": {f"p{p}": round(float(np.percentile(counted, p)), 3) for p in (50, 90)},
        "delays_counted": len(counted),
        "not_named_in_time": round(float((counted > AFTER / RATE).mean()), 4),
    }


def all_rules() -> Iterator[Rules]:
    """Every frame alone, as things are without rules; then each rule changed by itself."""
    yield Rules(0, 0, 0, 0)
    yield STEADY
    for name, values in SWEEPS.items():
        for value in values:
            yield replace(STEADY, **{name: value})


@click.command()
@click.option("--data", required=True, help="FER-2013.")
@click.option("--votes", required=True, type=click.Path(path_type=Path), help="FER+ votes.")
@click.option("--clips", "count", default=300, show_default=True, help="How many clips.")
def main(data: str, votes: Path, count: int) -> None:
    """Make the clips, decide by all rules, and write the result."""
    judged = Exam.open(data, Split.PUBLIC, votes).judged
    with EmotionClassifier.load(backend="onnxruntime", threads=1) as classifier:
        clips = read(*judged, classifier, count)
        manifest = classifier.manifest
    rows = []
    for rules in all_rules():
        rows.append(figures(clips, rules))
        row = rows[-1]
        print(
            f"{' '.join(f'{v:4.2f}' for v in row['rules'].values())}  "
            f"flicker {row['flicker_per_minute']:6.2f}/min, none in "
            f"{row['tracks_without_flicker']:.3f}  named {row['named']:.3f}, right "
            f"{row['accuracy_where_named']:.3f}  delay {row['delay_seconds']} "
            f"missed {row['not_named_in_time']:.3f} of {row['delays_counted']}"
        )
    write_json(
        RESULT,
        {
            "model": {"name": manifest.name, "sha256": manifest.sha256},
            "clips": count,
            "seconds": [BEFORE / RATE, AFTER / RATE],
            "rows": rows,
            "environment": read_environment().model_dump(mode="json"),
        },
    )


if __name__ == "__main__":
    main()
