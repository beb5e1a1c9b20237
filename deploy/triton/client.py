"""Ask a server that speaks KServe v2 which emotion a face shows.

    pip install 'tritonclient[http]' opencv-python
    python deploy/triton/client.py face.png --url localhost:8000 --model small_pictures

The picture is one face, as a detector's box cuts it out. The model NAME takes it gray and 48×48,
which this script makes of it; NAME_pictures takes it as it is. NVIDIA Triton tells the labels and
the temperature that ``edge-emotion deploy triton`` wrote down. A server that speaks KServe v2 and
no more, as OpenVINO Model Server, tells neither: give it ``--manifest``, the JSON beside the model.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput


def read_face(path: Path, shape: list[int]) -> np.ndarray:
    """A picture as a batch of one, in the shape that a model takes."""
    in_colour = shape[-1] == 3
    face = cv2.imread(str(path), cv2.IMREAD_COLOR if in_colour else cv2.IMREAD_GRAYSCALE)
    if face is None:
        sys.exit(f"error: {path} is no picture that OpenCV reads")
    if in_colour:
        return face[None]
    height, width = shape[-2:]
    return cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)[None, None]


def read_meaning(
    client: InferenceServerClient, model: str, manifest: Path | None
) -> tuple[list[str], float]:
    """The labels of the logits, and the temperature that makes probabilities of them."""
    if manifest is not None:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        return document["labels"], document["temperature"]
    parameters = client.get_model_config(model)["parameters"]
    labels = parameters["labels"]["string_value"].split(",")
    return labels, float(parameters["temperature"]["string_value"])


def main() -> None:
    """Print the most probable label and its probability."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face", type=Path, help="picture of one face")
    parser.add_argument("--url", default="localhost:8000")
    parser.add_argument("--model", default="small")
    parser.add_argument("--manifest", type=Path, help="JSON beside the model file")
    given = parser.parse_args()

    client = InferenceServerClient(given.url)
    takes, gives = (client.get_model_metadata(given.model)[key][0] for key in ("inputs", "outputs"))
    face = read_face(given.face, takes["shape"])
    tensor = InferInput(takes["name"], list(face.shape), takes["datatype"])
    tensor.set_data_from_numpy(face)
    (logits,) = client.infer(given.model, [tensor]).as_numpy(gives["name"])

    labels, temperature = read_meaning(client, given.model, given.manifest)
    powers = np.exp((logits - logits.max()) / temperature)
    best = int(powers.argmax())
    print(f"{labels[best]} {powers[best] / powers.sum():.4f}")


if __name__ == "__main__":
    main()
