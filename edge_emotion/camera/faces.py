"""From frames to labelled faces: follow or detect, refuse, classify, decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edge_emotion.camera.base import Frame, TrackedFace
from edge_emotion.camera.decision import Decision, Rules, Verdict
from edge_emotion.camera.stages import Stopwatch
from edge_emotion.inference import FacePipeline
from edge_emotion.vision import FaceBox
from edge_emotion.vision.crop import crop_face
from edge_emotion.vision.quality import Defect, defect_of_box, defect_of_crop
from edge_emotion.vision.tracking import FaceTracker, Sighting

View = npt.NDArray[np.uint8] | Defect
"""A face as the classifier takes it, or why it cannot be judged."""


class FrameFaces(NamedTuple):
    """What was read from one frame: faces in sight, and tracks of its source that ended."""

    faces: tuple[TrackedFace, ...]
    ended: tuple[int, ...]


class FaceReader:
    """Reads the faces of a run's frames.

    Args:
        pipeline: finds and classifies faces.
        looks: of each source, frames from one look of the detector to the next, at least 1. A
            detector whose boxes are not worth following looks at every frame.
        rules: how readings become labels.
        watch: told how long each stage takes.
    """

    def __init__(
        self, pipeline: FacePipeline, looks: Sequence[int], rules: Rules, watch: Stopwatch
    ) -> None:
        self._pipeline = pipeline
        self._rules = rules
        self._watch = watch
        followed = pipeline.detector.worth_following
        self._trackers = [FaceTracker(interval if followed else 1) for interval in looks]
        self._decisions: list[dict[int, Decision]] = [{} for _ in looks]

    def read(self, frames: Sequence[Frame]) -> list[FrameFaces]:
        """The faces of frames, at most one of each source; all share one batch."""
        sightings = [self._locate(frame) for frame in frames]
        with self._watch.time("classify"):
            views = [
                [self._view(frame, box) for box in sighting.faces.values()]
                for frame, sighting in zip(frames, sightings, strict=True)
            ]
            crops = [view for of_frame in views for view in of_frame if not isinstance(view, str)]
            rows = iter(self._pipeline.classifier.predict(np.stack(crops)) if crops else ())
            # A face's row, or why it has none: from here on, each frame is on its own.
            readings = [
                [view if isinstance(view, str) else next(rows) for view in of_frame]
                for of_frame in views
            ]
        return [self._decide(*each) for each in zip(frames, sightings, readings, strict=True)]

    def _locate(self, frame: Frame) -> Sighting:
        """The faces of a frame: followed from the frame before, or found by the detector."""
        tracker = self._trackers[frame.source]
        with self._watch.time("follow"):
            followed = tracker.follow(frame.image, frame.position)
        if followed is not None:
            return followed
        with self._watch.time("detect"):
            boxes = self._pipeline.detect(frame.image)
        return tracker.found(frame.image, boxes)

    def _view(self, frame: Frame, box: FaceBox) -> View:
        defect = defect_of_box(box)
        if defect is not None:
            return defect
        crop = crop_face(frame.image, box, self._pipeline.detector.margin)
        return defect_of_crop(crop) or crop

    def _decide(
        self,
        frame: Frame,
        sighting: Sighting,
        readings: Sequence[npt.NDArray[np.float32] | Defect],
    ) -> FrameFaces:
        decisions = self._decisions[frame.source]
        for track in sighting.ended:
            decisions.pop(track, None)
        faces = []
        for (track, box), reading in zip(sighting.faces.items(), readings, strict=True):
            decision = decisions.setdefault(track, Decision(self._rules))
            if isinstance(reading, str):
                verdict = decision.withhold(reading, frame.position)
            else:
                verdict = decision.judge(reading, frame.position)
            faces.append(_face(track, box, verdict))
        return FrameFaces(tuple(faces), sighting.ended)


def _face(track: int, box: FaceBox, verdict: Verdict) -> TrackedFace:
    emotion, reason = verdict.label
    return TrackedFace(track, box, emotion, verdict.probability, verdict.probabilities, reason)
