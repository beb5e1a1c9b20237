"""How well faces are read that are small, blurred, smeared or turned: the limits of the gate.

    python benchmarks/quality.py --data archive.zip

Takes FER-2013's PublicTest, shrinks, blurs, smears and turns its pictures step by step, and
classifies them with ``small``. How a head is turned the gate knows from YuNet's landmarks only, and
yaw cannot be made from a flat picture: so the untouched faces are also sorted by what the landmarks
say of them (each picture enlarged four times, its surroundings mirrored), and some are rolled to
see what the landmarks say then. Needs YuNet's weights. Pictures are made in memory and never
written. Writes ``results/quality.json``: accuracy and sharpness at every step, how well two
measures of sharpness tell faces that are read rightly from the others, and accuracy by turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from enlarged import enlarged

from edge_emotion.bench.environment import read_environment
from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.inference import EmotionClassifier
from edge_emotion.jsonio import write_json
from edge_emotion.vision import Detector, FaceBox, get_detector
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.quality import (
    LEAST_SHARPNESS,
    LEAST_SIDE,
    MOST_ROLL,
    MOST_YAW,
    sharpness,
    turn_of,
)

RESULT = Path(__file__).parent / "results" / "quality.json"
SIDE = 48
SIDES = (40, 32, 28, 24, 23, 22, 20, 18, 16, 12)
SIGMAS = (0.5, 0.75, 1.0, 1.125, 1.25, 1.5, 2.0, 3.0)
SMEARS = (3, 5, 7, 9, 13)
SMEAR_DEGREES = (0, 20, 45, 90)
ROLLS = (5, 10, 15, 20, 25, 28, 30, 35, 40, 50)
ROLLED_FACES = 300
YAWS = (0, 10, 20, 30, 40, 50, 90)
LANDMARK_ROLLS = (0, 5, 10, 15, 20, 25, 90)
AROUND, ENLARGED = 12, 4

Face = np.ndarray
"""uint8, (48, 48)."""


def shrunk(side: int) -> Callable[[Face], Face]:
    """A face of so many pixels, as ``crop_face`` enlarges it."""

    def change(face: Face) -> Face:
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)

    return change


def blurred(sigma: float) -> Callable[[Face], Face]:
    """Out of focus."""
    return lambda face: np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.uint8)


def smeared(length: int, degrees: float) -> Callable[[Face], Face]:
    """Moved by so many pixels while the shutter was open."""
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    kernel[length, length - length // 2 : length - length // 2 + length] = 1
    turn = cv2.getRotationMatrix2D((length, length), degrees, 1)
    turned = np.asarray(cv2.warpAffine(kernel, turn, kernel.shape), np.float32)
    turned /= turned.sum()
    return lambda face: np.asarray(cv2.filter2D(face, -1, turned), np.uint8)


def rolled(degrees: float) -> Callable[[Face], Face]:
    """Turned in the picture's plane."""
    turn = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), degrees, 1)

    def change(face: Face) -> Face:
        moved = cv2.warpAffine(face, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(moved, np.uint8)

    return change


def steps() -> Iterator[tuple[str, float, Callable[[Face], Face]]]:
    """Every change: its kind, how much of it, and what makes it."""
    yield "untouched", 0, lambda face: face
    for side in SIDES:
        yield "side", side, shrunk(side)
    for sigma in SIGMAS:
        yield "blur", sigma, blurred(sigma)
    for degrees in SMEAR_DEGREES:
        for length in SMEARS:
            yield f"smear at {degrees} degrees", length, smeared(length, degrees)
    for degrees in ROLLS:
        yield "roll", degrees, rolled(degrees)


def laplacian(face: Face) -> float:
    """The usual measure, for comparison: variance of the Laplacian ÷ the face's variance."""
    return float(cv2.Laplacian(face, cv2.CV_32F).var()) / max(float(face.var()), 1e-6)


def area_under_curve(values: np.ndarray, right: np.ndarray) -> float:
    """Probability that a face read rightly has a greater value than one read wrongly."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values)] = np.arange(len(values))
    hits = int(right.sum())
    return float((ranks[right].sum() - hits * (hits - 1) / 2) / (hits * (len(values) - hits)))


def degraded(dataset: FaceSet, classifier: EmotionClassifier) -> dict[str, Any]:
    """Accuracy and sharpness at every step."""
    rows, values, usual, rights = [], [], [], []
    for kind, amount, change in steps():
        faces = np.stack([change(face) for face in dataset.images])
        right = classifier.predict(faces).argmax(axis=1) == dataset.labels
        sharp = np.array([sharpness(face) for face in faces])
        rows.append(
            {
                "kind": kind,
                "amount": amount,
                "accuracy": round(float(right.mean()), 4),
                "sharpness": {
                    f"p{p}": round(float(np.percentile(sharp, p)), 4) for p in (5, 50, 95)
                },
                "refused_as_blurred": round(float((sharp < LEAST_SHARPNESS).mean()), 4),
            }
        )
        print(f"{kind:<20} {amount:>6}  {rows[-1]['accuracy']:.4f}  {rows[-1]['sharpness']}")
        if kind != "roll":
            values.append(sharp)
            usual.append([laplacian(face) for face in faces])
            rights.append(right)
    right = np.concatenate(rights)
    curves = {
        "least second difference": round(area_under_curve(np.concatenate(values), right), 4),
        "laplacian": round(area_under_curve(np.concatenate(usual), right), 4),
    }
    return {"steps": rows, "area_under_curve": curves}


def seen_by(detector: Detector, face: Face, degrees: float = 0) -> FaceBox | None:
    """What the detector finds in the middle of a picture that was enlarged and rolled."""
    large = enlarged(face, AROUND, ENLARGED)
    middle = large.shape[0] / 2
    turn = cv2.getRotationMatrix2D((middle, middle), -degrees, 1)
    turned = cv2.warpAffine(large, turn, large.shape[::-1], borderMode=cv2.BORDER_REFLECT)
    for box in detector.detect(np.repeat(np.asarray(turned, np.uint8)[..., None], 3, axis=2)):
        if box.x < middle < box.x + box.width and box.y < middle < box.y + box.height:
            return box
    return None


def by_turn(
    dataset: FaceSet, classifier: EmotionClassifier, detector: Detector
) -> list[dict[str, Any]]:
    """Accuracy of untouched faces, sorted by how far the landmarks say they are turned."""
    boxes = [seen_by(detector, face) for face in dataset.images]
    known = np.array([box is not None for box in boxes])
    turns = [turn_of(box.landmarks) for box in boxes if box is not None and box.landmarks]
    right = classifier.predict(dataset.images[known]).argmax(axis=1) == dataset.labels[known]
    rows = []
    for kind, limits in (("yaw", YAWS), ("roll", LANDMARK_ROLLS)):
        degrees = np.abs([getattr(turn, kind) for turn in turns])
        for least, most in pairwise(limits):
            here = (degrees >= least) & (degrees < most)
            row = {"kind": kind, "from": least, "to": most, "faces": int(here.sum())}
            rows.append(row | {"accuracy": round(float(right[here].mean()), 4)})
            print(rows[-1])
    return rows


def landmarks_of_rolled(dataset: FaceSet, detector: Detector) -> list[dict[str, Any]]:
    """What the landmarks say of faces that were rolled, beyond what they say untouched."""
    chosen = np.random.default_rng(0).choice(len(dataset), ROLLED_FACES, replace=False)
    before = {number: seen_by(detector, dataset.images[number]) for number in chosen}
    rows = []
    for degrees in ROLLS:
        added = []
        for number, first in before.items():
            box = seen_by(detector, dataset.images[number], degrees)
            if first is not None and box is not None and first.landmarks and box.landmarks:
                added.append(turn_of(box.landmarks).roll - turn_of(first.landmarks).roll)
        quantiles = {f"p{p}": round(float(np.percentile(added, p)), 1) for p in (25, 50, 75)}
        rows.append({"degrees": degrees, "found": len(added), "landmarks_say": quantiles})
        print(rows[-1])
    return rows


@click.command()
@click.option("--data", required=True, help="FER-2013.")
def main(data: str) -> None:
    """Measure and write the result."""
    dataset = load_dataset(data, Split.PUBLIC)
    with EmotionClassifier.load("small", "onnxruntime", 1) as classifier:
        detector = get_detector("yunet", threads=1)
        document = degraded(dataset, classifier) | {
            "by_turn": by_turn(dataset, classifier, detector),
            "landmarks_of_rolled": landmarks_of_rolled(dataset, detector),
        }
        manifest = classifier.manifest
    limits = {
        "least_side": LEAST_SIDE,
        "least_sharpness": LEAST_SHARPNESS,
        "most_roll": MOST_ROLL,
        "most_yaw": MOST_YAW,
    }
    write_json(
        RESULT,
        {
            "model": {"name": manifest.name, "sha256": manifest.sha256},
            "faces": len(dataset),
            "limits": limits,
            **document,
            "environment": read_environment().model_dump(mode="json"),
        },
    )


if __name__ == "__main__":
    main()
