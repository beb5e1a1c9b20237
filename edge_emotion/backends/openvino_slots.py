"""Inference requests that hold their faces and logits, one alone or several at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from edge_emotion.backends.base import Faces, Logits
from edge_emotion.backends.openvino_runtime import Runtime
from edge_emotion.emotions import FACE_SIZE, LABELS


class Slot:
    """A request of a compiled model with arrays for one batch; they grow and shrink with it."""

    def __init__(self, runtime: Runtime, compiled: Any) -> None:
        self._request = runtime.request(compiled)
        self._faces: Faces = np.empty((0, FACE_SIZE, FACE_SIZE), np.uint8)
        self._logits: Logits = np.empty((0, len(LABELS)), np.float32)

    def infer(self, faces: Faces) -> Logits:
        """Classify in the calling thread, the quickest way for one batch."""
        self._take(faces)
        return self._request.call()

    def start(self, faces: Faces) -> None:
        """Begin to classify; every ``start`` needs its ``result`` before the next."""
        self._take(faces)
        self._request.start()

    def result(self) -> Logits:
        """Wait for what was started."""
        self._request.wait()
        return self._logits.copy()

    def _take(self, faces: Faces) -> None:
        if len(faces) != len(self._faces):
            self._faces = np.empty(faces.shape, faces.dtype)
            self._logits = np.empty((len(faces), len(LABELS)), np.float32)
            self._request.bind(self._faces[:, None], [self._logits])
        self._faces[...] = faces


class Slots:
    """A compiled model with what calls it.

    Args:
        runtime: OpenVINO.
        compiled: an ``openvino.CompiledModel`` of a classifier.
    """

    def __init__(self, runtime: Runtime, compiled: Any) -> None:
        self.compiled = compiled
        self.first = Slot(runtime, compiled)
        self._runtime = runtime

    @cached_property
    def idle(self) -> deque[Slot]:
        """Slots to run at a time, twice as many as can: the next batch is there when one ends."""
        count = 2 * int(self.compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        return deque(Slot(self._runtime, self.compiled) for _ in range(count))


def in_order(batches: Iterator[Faces], slots_for: Callable[[int], Slots]) -> Iterator[Logits]:
    """Keep every slot busy, and give the results in the order of the batches.

    A ring of preset requests, because ``AsyncInferQueue`` copies arguments and calls back into
    Python: with two streams and batches of 1 it classified half as many faces a second.

    Args:
        batches: faces to classify.
        slots_for: batch size → the slots that can take it.
    """
    running: deque[tuple[Slot, deque[Slot]]] = deque()
    try:
        for faces in batches:
            idle = slots_for(len(faces)).idle
            while not idle:
                yield _finish(running)
            slot = idle.popleft()
            running.append((slot, idle))
            slot.start(faces)
        while running:
            yield _finish(running)
    finally:  # whoever stops early, or a batch that is refused, leaves inferences under way
        while running:
            _finish(running)


def _finish(running: deque[tuple[Slot, deque[Slot]]]) -> Logits:
    slot, idle = running.popleft()
    try:
        return slot.result()
    finally:
        idle.append(slot)
