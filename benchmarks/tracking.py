"""How often faces that cross, meet and pass behind each other lose their track.

    python benchmarks/tracking.py --data archive.zip

Five faces of FER-2013's PublicTest, enlarged two and a half times and tinted, swing to and fro over
a backdrop for twenty seconds at 25 frames a second, each at its own pace, and cover each other: at
up to seven of their own sizes a second, more often and faster than people do. The backdrop is made
from one of the demo's portraits. YuNet looks and the tracker follows, as in the camera
loop. A face that has another track than when it was last seen has lost it: a ``switch`` if that was
within the second for which a track is kept, else it was ``gone`` for longer. Needs YuNet's weights.
Scenes are made in memory and never written. Writes ``results/tracking.json``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from enlarged import enlarged

from edge_emotion.bench.environment import read_environment
from edge_emotion.camera.clip import HEIGHT, HOPPER, WIDTH, backdrop
from edge_emotion.data import Split, load_dataset
from edge_emotion.jsonio import write_json
from edge_emotion.vision import Detector, Picture, get_detector
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.tracking import FaceTracker, looks_every
from edge_emotion.vision.tracks import COAST_SECONDS

RESULT = Path(__file__).parent / "results" / "tracking.json"
RATE, SECONDS, FACES = 25, 20, 5
ENLARGED, AROUND = 2.5, 8
NEAR, CLEAR = 25, 50
"""Pixels: a box belongs to a face whose centre is nearer than the one, if every other is farther
than the other."""


@dataclass(frozen=True)
class Scene:
    """Faces that swing.

    Args:
        faces: pictures, the farther first.
        seconds: (faces, 2), of a swing across and down.
        begin: (faces, 2), phases.
        reach: (faces, 2), pixels from the middle.
    """

    faces: list[Picture]
    seconds: np.ndarray
    begin: np.ndarray
    reach: np.ndarray

    def centres(self, now: float) -> np.ndarray:
        """Where the faces are: (faces, 2)."""
        swing = np.sin(2 * math.pi * now / self.seconds + self.begin)
        return np.asarray(np.array([WIDTH / 2, HEIGHT / 2]) + self.reach * swing)

    def frame(self, ground: Picture, now: float) -> Picture:
        """The picture of a moment."""
        picture = ground.copy()
        for face, (x, y) in zip(self.faces, self.centres(now).round().astype(int), strict=True):
            half = len(face) // 2
            picture[y - half : y - half + len(face), x - half : x - half + len(face)] = face
        return picture


def made(images: np.ndarray, detector: Detector, seed: int) -> Scene:
    """A scene of faces that the detector finds."""
    random = np.random.default_rng(seed)
    faces: list[Picture] = []
    while len(faces) < FACES:
        image = images[random.integers(len(images))]
        large = enlarged(image, AROUND, ENLARGED)
        face = (large[..., None] * random.uniform(0.7, 1, 3)).astype(np.uint8)
        alone = np.pad(face, ((70, 70), (70, 70), (0, 0)), constant_values=90)
        if detector.detect(alone):
            faces.append(face)
    return Scene(
        faces,
        random.uniform(4, 9, (FACES, 2)),
        random.uniform(0, 2 * math.pi, (FACES, 2)),
        random.uniform((250, 60), (480, 200), (FACES, 2)),
    )


def watched(scene: Scene, ground: Picture, detector: Detector) -> dict[str, int]:
    """Follow a scene, and count."""
    tracker = FaceTracker(looks_every(RATE))
    known: dict[int, tuple[int, float]] = {}
    counts = {"seen": 0, "looks": 0, "switches": 0, "gone": 0}
    for index in range(RATE * SECONDS):
        now = index / RATE
        frame = scene.frame(ground, now)
        sighting = tracker.follow(frame, now)
        if sighting is None:
            counts["looks"] += 1
            sighting = tracker.found(frame, detector.detect(frame))
        centres = scene.centres(now)
        for track, box in sighting.faces.items():
            middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
            away = np.hypot(*(centres - middle).T)
            face = int(away.argmin())
            if away[face] > NEAR or np.sort(away)[1] < CLEAR:
                continue
            counts["seen"] += 1
            before, at = known.get(face, (track, now))
            if before != track:
                counts["switches" if now - at <= COAST_SECONDS else "gone"] += 1
            known[face] = track, now
    return counts


@click.command()
@click.option("--data", required=True, help="FER-2013.")
@click.option("--scenes", default=12, show_default=True, help="How many scenes.")
def main(data: str, scenes: int) -> None:
    """Make the scenes, follow them, and write the result."""
    cv2.setNumThreads(1)
    images = load_dataset(data, Split.PUBLIC).images
    detector = get_detector("yunet", threads=1)
    ground = backdrop(read_image(HOPPER))
    rows: list[dict[str, Any]] = []
    for seed in range(scenes):
        rows.append(watched(made(images, detector, seed), ground, detector))
        print(seed, rows[-1])
    total = {name: sum(row[name] for row in rows) for name in rows[0]}
    minutes = total["seen"] / RATE / 60
    print(f"{total}, {minutes:.1f} minutes of faces seen")
    write_json(
        RESULT,
        {
            "faces_a_scene": FACES,
            "seconds_a_scene": SECONDS,
            "scenes": rows,
            "total": total,
            "minutes_seen": round(minutes, 2),
            "environment": read_environment().model_dump(mode="json"),
        },
    )


if __name__ == "__main__":
    main()
