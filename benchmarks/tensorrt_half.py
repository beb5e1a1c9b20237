"""What is gained when all that surrounds a quantised model's integers becomes float16.

    python benchmarks/tensorrt_half.py --data path/to/archive.zip [--model small]

Scales, biases and logits of the ``tensorrt`` encoding are rewritten to float16, and both files are
built with TensorRT-RTX, for compute capability 8.9. Its plan names in plain text every tensor that
goes through memory between two kernels, and its type: those are counted, over all optimisation
profiles. Both files run in ONNX Runtime on the validation split, which tells what the rounding
costs. The result is ``results/tensorrt_half.json``.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from pathlib import Path

import click
import numpy as np
import onnx
import onnxruntime
import tensorrt_rtx
from onnx import TensorProto, helper, numpy_helper

from edge_emotion.artifact import Artifact, publish_manifest, resolve_model
from edge_emotion.backends import Faces, Logits
from edge_emotion.data import FaceSet, Split, load_dataset
from edge_emotion.export.compile import compile_tensorrt
from edge_emotion.jsonio import sha256_of, write_json

RESULT = Path(__file__).parent / "results" / "tensorrt_half.json"
CAPABILITY = "8.9"
_TENSOR = re.compile(r"tensor={ alignment=\d+ dims={[^}]*} mem_prop=0 [^\n]* type=(\w+) }")
_HALF_SCALES_OPSET = 19
"""The first in which (de)quantisation takes float16 scales."""


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with every float32 inside it as float16; it still gives float32 logits."""
    half = onnx.ModelProto()
    half.CopyFrom(model)
    half.opset_import[0].version = _HALF_SCALES_OPSET
    half.ir_version = 9
    for weight in half.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            array = numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(numpy_helper.from_array(array, weight.name))
    for node in half.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to":
                attribute.i = TensorProto.FLOAT16
    half.graph.node[-1].output[0] = "half_logits"
    half.graph.node.append(
        helper.make_node("Cast", ["half_logits"], ["logits"], to=TensorProto.FLOAT)
    )
    del half.graph.value_info[:]
    onnx.checker.check_model(half, full_check=True)
    return half


def tensors_in_memory(artifact: Artifact, out: Path) -> dict[str, int]:
    """Type → number of tensors between an engine's kernels."""
    engine = compile_tensorrt(artifact, out, [CAPABILITY]).artifact
    plan = engine.path.read_bytes().decode("latin-1")
    return dict(Counter(_TENSOR.findall(plan)))


def logits_of(artifact: Artifact, faces: Faces) -> Logits:
    """What ONNX Runtime gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(artifact.path), options)
    logits: Logits = session.run(None, {"faces": faces[:, None]})[0]
    return logits


def compare(source: Artifact, dataset: FaceSet, folder: Path) -> dict[str, object]:
    """Build and run both."""
    path = folder / "half.onnx"
    path.write_bytes(to_half(onnx.load(str(source.path))).SerializeToString())
    described = source.manifest.model_copy(update={"sha256": sha256_of(path)})
    files = {"float32": source, "float16": publish_manifest(path, described)}
    logits = {name: logits_of(file, dataset.images) for name, file in files.items()}
    classes = {name: values.argmax(axis=1) for name, values in logits.items()}
    return {
        "model": {"name": source.manifest.name, "sha256": source.manifest.sha256},
        "tensorrt_rtx": tensorrt_rtx.__version__,
        "compute_capability": CAPABILITY,
        "images": len(dataset.images),
        "tensors_in_memory": {
            name: tensors_in_memory(file, folder / name) for name, file in files.items()
        },
        "accuracy": {
            name: float(np.mean(found == dataset.labels)) for name, found in classes.items()
        },
        "agreement": float(np.mean(classes["float32"] == classes["float16"])),
        "largest_logit_difference": float(np.abs(logits["float32"] - logits["float16"]).max()),
    }


@click.command()
@click.option("--data", required=True, help="FER-2013: zip, folder or CSV.")
@click.option("--model", default="small", show_default=True)
def main(data: str, model: str) -> None:
    """Compare both ways to write what is not quantised."""
    source = resolve_model(model).sibling("tensorrt")
    if source is None:
        raise click.UsageError(f"{model} has no tensorrt encoding")
    with tempfile.TemporaryDirectory() as folder:
        result = compare(source, load_dataset(data, Split.PUBLIC), Path(folder))
    write_json(RESULT, result)
    print(f"{RESULT}: {result}")


if __name__ == "__main__":
    main()
