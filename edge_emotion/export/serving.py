"""Folders that inference servers load: NVIDIA Triton's and OpenVINO Model Server's.

Triton: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html
OpenVINO Model Server: https://docs.openvino.ai/2026/model-server/ovms_docs_models_repository.html
"""

from __future__ import annotations

import shutil
from pathlib import Path

from edge_emotion.artifact import Artifact, Format
from edge_emotion.emotions import FACE_SIZE
from edge_emotion.errors import UsageError
from edge_emotion.export.crops import PICTURES, write_crop_graph
from edge_emotion.jsonio import output_directory, write_json, write_text

MAX_BATCH = 32
"""The largest batch of an engine's profiles, and plenty for one request."""

_TRITON: dict[Format, tuple[str, str]] = {
    "onnx": ('backend: "onnxruntime"', "model.onnx"),
    "openvino": ('backend: "openvino"', "model.xml"),
    "tensorrt": ('platform: "tensorrt_plan"', "model.plan"),
}
"""Format → what runs it in Triton, and what Triton wants the file to be called."""


def write_triton_repository(artifact: Artifact, out: Path) -> list[str]:
    """Write a model repository: the model, and an ensemble that takes pictures of faces.

    ``NAME`` takes uint8 faces (N, 1, 48, 48) and gives logits with labels; ``NAME_pictures`` takes
    uint8 pictures (N, height, width, 3), blue first, and crops, scales and grays them first. The
    configuration of both tells the labels, and the temperature that makes probabilities of logits.

    Args:
        artifact: an ONNX file, an IR or an engine.
        out: the repository; models of other names in it stay.

    Returns:
        Names of the models in it that were written.

    Raises:
        UsageError: Triton has no backend for the format.
        OutputError: ``out`` cannot be written.
    """
    manifest = artifact.manifest
    if manifest.format not in _TRITON:
        raise UsageError(
            f"Triton cannot serve {artifact.path.name} ({manifest.format})",
            f"give one of: {', '.join(_TRITON)}",
        )
    runner, file = _TRITON[manifest.format]
    name, faces, logits = manifest.name, manifest.input.name, manifest.output
    crop, pictures = f"{name}_crop", f"{name}_pictures"
    gray = f"[ 1, {FACE_SIZE}, {FACE_SIZE} ]"
    labelled = (
        f'output [ {{ name: "{logits}" data_type: TYPE_FP32 dims: [ {len(manifest.labels)} ] '
        'label_filename: "labels.txt" } ]\n'
        f"{_parameter('labels', ','.join(manifest.labels))}\n"
        f"{_parameter('temperature', repr(manifest.temperature))}"
    )
    _place(artifact, output_directory(out / name / "1"), file)
    write_text(out / name / "labels.txt", "\n".join(manifest.labels) + "\n")
    write_text(
        out / name / "config.pbtxt",
        f'name: "{name}"\n{runner}\nmax_batch_size: {MAX_BATCH}\n'
        f'input [ {{ name: "{faces}" data_type: TYPE_UINT8 dims: {gray} }} ]\n'
        f"{labelled}\n"
        "dynamic_batching { max_queue_delay_microseconds: 500 }\n",
    )
    write_crop_graph(output_directory(out / crop / "1") / "model.onnx", faces)
    write_text(
        out / crop / "config.pbtxt",
        f'name: "{crop}"\nbackend: "onnxruntime"\nmax_batch_size: {MAX_BATCH}\n'
        f'input [ {{ name: "{PICTURES}" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] }} ]\n'
        f'output [ {{ name: "{faces}" data_type: TYPE_UINT8 dims: {gray} }} ]\n',
    )
    output_directory(out / pictures / "1")  # an ensemble has a version, and nothing in it
    write_text(out / pictures / "1" / ".keep", "")
    write_text(out / pictures / "labels.txt", "\n".join(manifest.labels) + "\n")
    steps = ", ".join((_step(crop, PICTURES, faces), _step(name, faces, logits)))
    write_text(
        out / pictures / "config.pbtxt",
        f'name: "{pictures}"\nplatform: "ensemble"\nmax_batch_size: {MAX_BATCH}\n'
        f'input [ {{ name: "{PICTURES}" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] }} ]\n'
        f"{labelled}\n"
        f"ensemble_scheduling {{ step [ {steps} ] }}\n",
    )
    return [name, crop, pictures]


def _parameter(key: str, value: str) -> str:
    """Something that clients may ask the server about a model."""
    return f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}'


def _step(model: str, takes: str, gives: str) -> str:
    """One step of an ensemble, whose tensors are called as the models' own."""
    return (
        f'{{ model_name: "{model}" model_version: -1 '
        f'input_map {{ key: "{takes}" value: "{takes}" }} '
        f'output_map {{ key: "{gives}" value: "{gives}" }} }}'
    )


def write_ovms_repository(artifact: Artifact, out: Path) -> str:
    """Write a folder for OpenVINO Model Server, with its ``config.json``.

    Args:
        artifact: an IR or an ONNX file.
        out: the folder; it is mounted as ``/models``.

    Returns:
        Name of the model.

    Raises:
        UsageError: OpenVINO does not run the format.
        OutputError: ``out`` cannot be written.
    """
    manifest = artifact.manifest
    files: dict[Format, str] = {"openvino": "model.xml", "onnx": "model.onnx"}
    if manifest.format not in files:
        raise UsageError(
            f"OpenVINO Model Server cannot serve {artifact.path.name} ({manifest.format})",
            f"give one of: {', '.join(files)}",
        )
    _place(artifact, output_directory(out / manifest.name / "1"), files[manifest.format])
    entry = {"config": {"name": manifest.name, "base_path": f"/models/{manifest.name}"}}
    write_json(out / "config.json", {"model_config_list": [entry]})
    return manifest.name


def _place(artifact: Artifact, folder: Path, name: str) -> None:
    """Copy a model's files under the name that a server wants."""
    stem = Path(name).stem
    shutil.copyfile(artifact.path, folder / name)
    for companion in artifact.manifest.companions:
        suffix = Path(companion).suffix
        shutil.copyfile(artifact.path.with_name(companion), folder / f"{stem}{suffix}")
