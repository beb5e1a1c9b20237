"""Accuracy of the shipped INT8 files in ONNX Runtime on a processor without VNNI, imitated by QEMU.

    python benchmarks/without_vnni.py --data path/to/archive.zip   # apt install qemu-user

There the runtime adds products of bytes up in 16 bits. A plain session, without any setting of this
project, answers PublicTest here and on an imitated Haswell, which takes minutes per model. Time is
not measured: an imitation has none. The result is ``results/without_vnni.json``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from edge_emotion.artifact import resolve_model
from edge_emotion.bench.environment import read_environment
from edge_emotion.data import Split, load_dataset
from edge_emotion.jsonio import write_json

RESULT = Path(__file__).parent / "results" / "without_vnni.json"
PROCESSOR = "Haswell"
MODELS = ("tiny", "small", "base", "small-ferplus")
ANSWER = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
faces = numpy.load(sys.argv[2], allow_pickle=False)
parts = [session.run(None, {"faces": faces[at : at + 64]})[0] for at in range(0, len(faces), 64)]
numpy.save(sys.argv[3], numpy.concatenate(parts).argmax(axis=1))
"""


def answers(model: Path, faces: Path, on: list[str]) -> npt.NDArray[np.int64]:
    """The class of each face; ``on`` is what runs Python, if not this machine itself."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "classes.npy"
        command = [*on, sys.executable, "-c", ANSWER, model, faces, found]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        classes: npt.NDArray[np.int64] = np.load(found, allow_pickle=False)
    return classes


@click.command()
@click.option("--data", required=True, help="FER-2013: zip, folder or CSV.")
def main(data: str) -> None:
    """Measure every model."""
    public = load_dataset(data, Split.PUBLIC)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        faces = Path(folder) / "faces.npy"
        np.save(faces, public.images[:, None])
        for name in MODELS:
            artifact = resolve_model(name)
            here = answers(artifact.path, faces, [])
            there = answers(artifact.path, faces, ["qemu-x86_64", "-cpu", PROCESSOR])
            row = {
                "model": name,
                "sha256": artifact.manifest.sha256,
                "accuracy_here": float(np.mean(here == public.labels)),
                "accuracy_without_vnni": float(np.mean(there == public.labels)),
                "other_answers": int(np.sum(here != there)),
            }
            print(row)
            rows.append(row)
    write_json(
        RESULT,
        {
            "schema": "edge-emotion/without-vnni/1",
            "environment": read_environment().model_dump(mode="json"),
            "processor": PROCESSOR,
            "images": len(public),
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
