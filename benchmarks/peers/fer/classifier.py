"""fer's quantised classifier alone: a process that times and reads faces when asked.

Runs in fer's own environment (see ``install.py``), with ai-edge-litert's interpreter, XNNPACK and
one thread. It is given one JSON line on stdin at a time and answers with one on stdout, so that a
benchmark can take turns with it:

    python classifier.py faces.npy                    faces: uint8, (N, 48, 48)
    {"do": "time", "calls": 500}  →  {"samples_ms": [...]}
    {"do": "read"}                →  {"labels": ["happy", ...]}, one for each face
    {"do": "about"}               →  {"versions": {...}, "model_bytes": ...}

A timed call hands over one face that is already scaled to 64×64 and in float, runs the model and
takes the result: what fer does besides is left out, in fer's favour.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""fer's own order."""
SIDE = 64


class Classifier:
    """fer's TFLite model, called as fer calls it."""

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def scores(self, face: Any) -> Any:
        """Probabilities in the order of ``LABELS`` for float32 (1, 64, 64, 1)."""
        self._interpreter.set_tensor(self._input, face)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0]


def prepared(face: Any) -> Any:
    """A 48×48 uint8 face scaled and normalised as fer does it, to float32 (1, 64, 64, 1)."""
    scaled = cv2.resize(face, (SIDE, SIDE)).astype(np.float32)
    return ((scaled / 255.0 - 0.5) * 2.0)[None, :, :, None]


def timed(classifier: Classifier, faces: list[Any], calls: int) -> list[float]:
    """Milliseconds of each of so many calls, over the faces in turn."""
    samples = []
    for number in range(calls):
        face = faces[number % len(faces)]
        started = time.perf_counter_ns()
        classifier.scores(face)
        samples.append((time.perf_counter_ns() - started) / 1e6)
    return samples


def main() -> None:
    """Answer requests until stdin ends."""
    spec = find_spec("fer")
    if spec is None or spec.origin is None:
        sys.exit("fer is not installed here: run benchmarks/peers/fer/install.py")
    model = Path(spec.origin).parent / "data" / "emotion_model_quantized.tflite"
    classifier = Classifier(model)
    faces = [prepared(face) for face in np.load(sys.argv[1], allow_pickle=False)]
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        if request["do"] == "time":
            answer = {"samples_ms": timed(classifier, faces, request["calls"])}
        elif request["do"] == "read":
            answer = {"labels": [LABELS[int(classifier.scores(face).argmax())] for face in faces]}
        else:
            packages = ("fer", "ai-edge-litert", "numpy")
            answer = {
                "versions": {name: version(name) for name in packages},
                "model_bytes": model.stat().st_size,
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
