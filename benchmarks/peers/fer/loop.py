"""fer's own loop on a video file, decode included: a process that runs clips when asked.

Runs in fer's own environment (see ``install.py``), on the cores it is given. One JSON line on
stdin is one run, answered with one on stdout, so that a benchmark can take turns with it:

    python loop.py
    {"do": "run", "clip": "a.mp4"}  →  {"frames": 200, "faces": 200, "seconds": 4.7,
                                        "frame_ms": [...]}
    {"do": "about"}                 →  {"versions": {...}}

The detector is fer's default (OpenCV's Haar cascade on the whole frame) and its classifier the
default too (TFLite). Nothing is drawn or written.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import warnings
from importlib.metadata import version
from itertools import pairwise
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")

import cv2  # noqa: E402 - TensorFlow reads its log level when it is imported
from fer.fer import FER  # noqa: E402

logging.disable(logging.WARNING)


def run(detector: FER, clip: str) -> dict[str, Any]:
    """Every frame of a clip, decoded and read; seconds are of the whole loop."""
    capture = cv2.VideoCapture(clip)
    faces, marks = 0, [time.perf_counter()]
    while True:
        more, frame = capture.read()
        if not more:
            break
        faces += len(detector.detect_emotions(frame))
        marks.append(time.perf_counter())
    capture.release()
    return {
        "frames": len(marks) - 1,
        "faces": faces,
        "seconds": marks[-1] - marks[0],
        "frame_ms": [(end - start) * 1000 for start, end in pairwise(marks)],
    }


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # TFLite prints on stdout
    detector = FER()
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "run":
            answer = run(detector, request["clip"])
        else:
            packages = ("fer", "opencv-contrib-python", "tensorflow-cpu", "numpy")
            answer = {"versions": {name: version(name) for name in packages}}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
