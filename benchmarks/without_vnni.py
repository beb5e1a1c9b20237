"""Accuracy of the shipped INT8 files in ONNX Runtime on a processor without VNNI, imitated by QEMU.

    python benchmarks/without_vnni.py --data archive.zip [NAME ...]   # apt install qemu-user

There the runtime adds products of bytes up in 16 bits. A plain session, without any setting of this
project, answers PublicTest here and on an imitated Haswell, which takes minutes per model. Time is
not measured: an imitation has none. The result is ``results/without_vnni.json``, where the rows of
models that are not named stay.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
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
"""Intel's first processor with AVX2, long before VNNI."""
IMITATED = ("qemu-x86_64", "-cpu", PROCESSOR)
MODELS = ("tiny", "small", "base", "small-ferplus")
BATCH = 64
ANSWER = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
name, batch = session.get_inputs()[0].name, int(sys.argv[4])
pictures = numpy.load(sys.argv[2], allow_pickle=False)
starts = range(0, len(pictures), batch)
parts = [session.run(None, {name: pictures[at : at + batch]})[0] for at in starts]
numpy.save(sys.argv[3], numpy.concatenate(parts))
"""


def answers(
    model: Path, pictures: npt.NDArray[np.uint8], on: Sequence[str] = ()
) -> npt.NDArray[np.float32]:
    """What a plain session of ONNX Runtime says.

    Args:
        model: an ONNX file with one input and one output.
        pictures: uint8 (N, ...), as the model takes them.
        on: what runs Python, if not this machine itself.

    Raises:
        subprocess.CalledProcessError: the session failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, said = Path(folder) / "pictures.npy", Path(folder) / "answers.npy"
        np.save(given, pictures)
        files = map(str, (model, given, said))
        command = [*on, sys.executable, "-c", ANSWER, *files, str(BATCH)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        found: npt.NDArray[np.float32] = np.load(said, allow_pickle=False)
    return found


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(MODELS))
@click.option("--data", required=True, help="FER-2013: zip, folder or CSV.")
def main(names: tuple[str, ...], data: str) -> None:
    """Measure models, all unless some are named."""
    public = load_dataset(data, Split.PUBLIC)
    faces = public.images[:, None]
    before = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    rows: dict[str, dict[str, Any]] = {row["model"]: row for row in before}
    for name in names or MODELS:
        artifact = resolve_model(name)
        here, there = (answers(artifact.path, faces, on).argmax(axis=1) for on in ((), IMITATED))
        row = {
            "model": name,
            "sha256": artifact.manifest.sha256,
            "accuracy_here": float(np.mean(here == public.labels)),
            "accuracy_without_vnni": float(np.mean(there == public.labels)),
            "other_answers": int(np.sum(here != there)),
        }
        print(row)
        rows[name] = row
    write_json(
        RESULT,
        {
            "schema": "edge-emotion/without-vnni/1",
            "environment": read_environment().model_dump(mode="json"),
            "processor": PROCESSOR,
            "images": len(public),
            "rows": [rows[name] for name in MODELS],
        },
    )


if __name__ == "__main__":
    main()
