"""Committed classifiers with random weights: a runtime's tests need nothing but the runtime.

``python -m tests.backends.graphs`` makes them, with the onnx package.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from edge_emotion.artifact import Artifact, Encoding, Manifest, publish_manifest
from edge_emotion.backends import Faces
from edge_emotion.jsonio import sha256_of

CONVOLUTIONS = 3


def asset(encoding: Encoding) -> Path:
    """Where the classifier of one encoding is committed."""
    return Path(__file__).parents[1] / "assets" / f"classifier.{encoding}.onnx"


def describe(path: Path, encoding: Encoding) -> Manifest:
    """A manifest for an ONNX file of this encoding."""
    floating = encoding == "none"
    return Manifest(
        name="classifier-fp32" if floating else "classifier",
        network="classifier",
        format="onnx",
        precision="fp32" if floating else "int8",
        encoding=encoding,
        sha256=sha256_of(path),
        source_sha256="0" * 64,
        macs=1,
        parameters=1,
    )


def place(folder: Path, encoding: Encoding) -> Artifact:
    """Put the classifier of one encoding into a folder, with its manifest."""
    path = folder / asset(encoding).name
    shutil.copyfile(asset(encoding), path)
    return publish_manifest(path, describe(path, encoding))


def unverified(path: Path, content: bytes) -> Artifact:
    """An artefact of any bytes, as if its manifest vouched for them."""
    path.write_bytes(content)
    return Artifact(path, describe(path, "cpu"))


def random_faces(count: int) -> Faces:
    """uint8 (N, 48, 48): noise with a different brightness on each face."""
    random = np.random.default_rng(count)
    brightness = random.integers(20, 235, (count, 1, 1))
    noise = random.normal(0, 40, (count, 48, 48))
    return np.clip(brightness + noise, 0, 255).astype(np.uint8)
