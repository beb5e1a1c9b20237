"""How wide to cut around a detector's box: accuracy by crop margin, for each detector.

    python benchmarks/crops.py --data archive.zip

Faces of FER-2013's PublicTest, enlarged three to five times, are laid on photographs without
people, found there by each detector at its default size, cut out with margins from -20 % to +40 %
and classified by ``small``; the same faces, straight from the dataset, are the reference. They are
laid on twice: ``cut``, as they are, so that a wider cut shows photograph where a camera would show
hair, and ``continued``, mirrored beyond their edges, so that it shows more of the like. Whether a
margin that suits these also suits whole heads is told by the eyes: their distance and height as
shares of the cut, in FER-2013 and in two public-domain portraits. Needs the pictures that
scikit-image brings (``pip install --no-deps scikit-image``) and YuNet's weights. Scenes are made in
memory and never written. Writes ``results/crops.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from enlarged import enlarged
from photographs import ground, photograph

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera.clip import HOPPER
from edge_emotion.data import Split, load_dataset
from edge_emotion.inference import EmotionClassifier
from edge_emotion.jsonio import write_json
from edge_emotion.vision import Detector, FaceBox, Picture, get_detector
from edge_emotion.vision.crop import crop_face
from edge_emotion.vision.image import read_image
from edge_emotion.vision.suppress import overlaps

RESULT = Path(__file__).parent / "results" / "crops.json"
WIDTH, HEIGHT = 1280, 720
CELL = 320, 360
"""Each face has a cell of its own: eight to a scene."""
ENLARGED = (3, 4, 5)
GROUNDS = ("coffee.png", "rocket.jpg", "motorcycle_left.png", "brick.png")
MARGINS = tuple(round(0.05 * step, 2) for step in range(-4, 9))
DETECTORS = ("yunet", "haar")
BEYOND = {"cut": 0, "continued": 12}
"""How a face is laid on → pixels by which its picture of 48 is continued on each side."""
SAME = 0.3
"""Least intersection over union of a box with the face that was pasted."""


@dataclass(frozen=True)
class Scene:
    """A picture, and which faces of the dataset lie where: left, top, side, side."""

    picture: Picture
    faces: list[int]
    places: np.ndarray


@dataclass(frozen=True)
class Found:
    """The faces that a detector found again.

    Args:
        faces: their numbers in the dataset.
        crops: margin → what was cut out, uint8, (N, 48, 48).
        frames: (N, 3): longer side of the box, and where its centre is from the picture's, right
            and down; as shares of the picture's side.
        eyes: (N, 2): distance and height of the eyes, as shares of the picture's side; empty from a
            detector without landmarks.
    """

    faces: list[int]
    crops: dict[float, np.ndarray]
    frames: np.ndarray
    eyes: np.ndarray


def scenes(images: np.ndarray, beyond: int) -> Iterator[Scene]:
    """Every face once, somewhere in its cell."""
    random = np.random.default_rng(0)
    pictures = [ground(name, WIDTH, HEIGHT) for name in GROUNDS]
    cells = [(x, y) for y in range(0, HEIGHT, CELL[1]) for x in range(0, WIDTH, CELL[0])]
    for start in range(0, len(images), len(cells)):
        canvas = pictures[start // len(cells) % len(pictures)].copy()
        faces = list(range(start, min(start + len(cells), len(images))))
        places = []
        for face, (x, y) in zip(faces, cells, strict=False):
            times = ENLARGED[face % len(ENLARGED)]
            large = enlarged(images[face], beyond, times)
            left = x + int(random.integers(0, max(CELL[0] - len(large), 1)))
            top = y + int(random.integers(0, max(CELL[1] - len(large), 1)))
            target = canvas[top : top + len(large), left : left + len(large)]
            target[:] = large[: target.shape[0], : target.shape[1], None]
            places.append((left + beyond * times, top + beyond * times, 48 * times, 48 * times))
        yield Scene(canvas, faces, np.array(places, np.float32))


def find(detector: Detector, views: list[Scene]) -> Found:
    """Look for every face, and cut out those that are found."""
    faces, frames, eyes = [], [], []
    crops: dict[float, list[np.ndarray]] = {margin: [] for margin in MARGINS}
    for scene in views:
        boxes = detector.detect(scene.picture)
        rows = np.array([(b.x, b.y, b.width, b.height) for b in boxes], np.float32).reshape(-1, 4)
        shared = overlaps(scene.places, rows)
        for face, place, row in zip(scene.faces, scene.places, shared, strict=True):
            if len(boxes) == 0 or row.max() < SAME:
                continue
            box = boxes[int(row.argmax())]
            faces.append(face)
            frames.append(frame_of(box, place))
            if box.landmarks is not None:
                eyes.append(eyes_in(box, *place[1:3].tolist()))
            for margin in MARGINS:
                crops[margin].append(crop_face(scene.picture, box, margin))
    stacked = {margin: np.stack(each) for margin, each in crops.items()}
    return Found(faces, stacked, np.array(frames), np.array(eyes))


def frame_of(box: FaceBox, place: np.ndarray) -> tuple[float, float, float]:
    """A box's longer side and its centre from the middle, as shares of the true picture's side."""
    left, top, side, _ = place.tolist()
    right = (box.x + box.width / 2 - left) / side - 0.5
    down = (box.y + box.height / 2 - top) / side - 0.5
    return max(box.width, box.height) / side, right, down


def eyes_in(box: FaceBox, top: float, side: float) -> tuple[float, float]:
    """Distance and height of the eyes as shares of a square's side."""
    assert box.landmarks is not None  # noqa: S101 - asked of YuNet's boxes only
    right_eye, left_eye = np.array(box.landmarks[:2])
    height = (right_eye[1] + left_eye[1]) / 2 - top
    return float(np.hypot(*(left_eye - right_eye))) / side, float(height / side)


def portrait_eyes(detector: Detector, margin: float) -> list[dict[str, float]]:
    """Where the eyes are in a detector's cut of each portrait; YuNet says where they are."""
    yunet, rows = get_detector("yunet"), []
    for path in (HOPPER, photograph("astronaut.png")):
        picture = read_image(path)
        (face,) = yunet.detect(picture)
        middle = face.x + face.width / 2, face.y + face.height / 2
        box = min(
            detector.detect(picture),
            key=lambda b: np.hypot(b.x + b.width / 2 - middle[0], b.y + b.height / 2 - middle[1]),
        )
        side = max(box.width, box.height) * (1 + margin)
        distance, height = eyes_in(face, box.y + (box.height - side) / 2, side)
        rows.append({"distance": round(distance, 4), "height": round(height, 4)})
    return rows


def measured(
    detector: Detector,
    views: list[Scene],
    right: np.ndarray,
    classifier: EmotionClassifier,
    labels: np.ndarray,
) -> dict[str, Any]:
    """Everything of one detector."""
    found = find(detector, views)
    truth = labels[found.faces]
    accuracies = {
        str(margin): round(float((classifier.predict(crops).argmax(axis=1) == truth).mean()), 4)
        for margin, crops in found.crops.items()
    }
    document = {
        "found": len(found.faces),
        "accuracy_of_originals": round(float(right[found.faces].mean()), 4),
        "accuracy_by_margin": accuracies,
        "longer_side_median": round(float(np.median(found.frames[:, 0])), 4),
        "centre_median": [round(float(v), 4) for v in np.median(found.frames[:, 1:], axis=0)],
    }
    if len(found.eyes):
        names = ("distance", "height")
        quantiles = np.percentile(found.eyes, (5, 50, 95), axis=0).T
        document["eyes_in_fer2013"] = {
            name: dict(zip(("p5", "p50", "p95"), np.round(row, 4).tolist(), strict=True))
            for name, row in zip(names, quantiles, strict=True)
        }
    return document


@click.command()
@click.option("--data", required=True, help="FER-2013.")
@click.option("--faces", default=3589, show_default=True, help="How many of PublicTest.")
def main(data: str, faces: int) -> None:
    """Paste, find, cut, classify, and write the result."""
    dataset = load_dataset(data, Split.PUBLIC)
    images, labels = dataset.images[:faces], dataset.labels[:faces]
    views = {kind: list(scenes(images, beyond)) for kind, beyond in BEYOND.items()}
    with EmotionClassifier.load("small", "onnxruntime", 1) as classifier:
        right = classifier.predict(images).argmax(axis=1) == labels
        rows = {
            name: {
                kind: measured(get_detector(name, threads=1), each, right, classifier, labels)
                for kind, each in views.items()
            }
            for name in DETECTORS
        }
        manifest = classifier.manifest
    for name, kinds in rows.items():
        for kind, row in kinds.items():
            print(
                f"{name}, {kind}: {row['found']} of {len(images)} found, "
                f"{row['accuracy_of_originals']:.4f} of their originals right"
            )
            print(
                "  ".join(f"{float(m):+.2f} {v:.4f}" for m, v in row["accuracy_by_margin"].items())
            )
    portraits = {
        name: {str(margin): portrait_eyes(get_detector(name), margin) for margin in MARGINS}
        for name in DETECTORS
    }
    write_json(
        RESULT,
        {
            "model": {"name": manifest.name, "sha256": manifest.sha256},
            "faces": len(images),
            "detectors": rows,
            "portraits": portraits,
            "environment": read_environment().model_dump(mode="json"),
        },
    )


if __name__ == "__main__":
    main()
