"""What the image for a Jetson starts: an engine for this very board, then the camera on it.

    python3 start.py --source 0 --headless …     (arguments of edge-emotion camera)

An engine holds for one GPU, one TensorRT and one model, so it is kept under a name made of the
three, in the cache folder, which a volume keeps. ``EDGE_EMOTION_MODEL`` names the model.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from edge_emotion.artifact import DEFAULT_MODEL, Artifact, resolve_model
from edge_emotion.backends.gpu import compute_capability, device_name
from edge_emotion.errors import ArtifactError, EdgeEmotionError
from edge_emotion.export.compile import compile_tensorrt
from edge_emotion.jsonio import cache_directory


def folder_of(model: Artifact, board: str, capability: str, version: str) -> Path:
    """Where the engine of a model is kept, for a board and its TensorRT."""
    parts = (board, f"sm{capability}", f"tensorrt-{version}", model.manifest.sha256[:16])
    name = re.sub(r"[^a-z0-9.]+", "-", "-".join(parts).lower()).strip("-")
    return cache_directory() / "engines" / name


def engine_in(folder: Path) -> Path | None:
    """The engine that is kept there, if it is whole."""
    path = next(folder.glob("*.engine"), None)
    if path is None:
        return None
    try:
        return Artifact.load(path).path
    except ArtifactError as error:
        print(f"warning: {error}", file=sys.stderr)
        return None


def find_or_build(model: Artifact, folder: Path, capability: str) -> Path:
    """The engine that is kept, or one that is built now, which takes minutes.

    Raises:
        EdgeEmotionError: TensorRT is missing or refuses the model, or nothing can be written.
    """
    kept = engine_in(folder)
    if kept is not None:
        return kept
    print(f"building an engine in {folder}, once", file=sys.stderr)
    return compile_tensorrt(model, folder, [capability]).artifact.path


def main() -> None:
    """Become the camera command."""
    try:
        import tensorrt
    except ImportError:
        sys.exit("error: there is no TensorRT: build on NVIDIA's TensorRT image for this JetPack")
    capability = compute_capability()
    if capability is None:
        sys.exit("error: there is no GPU: run the container with --runtime nvidia")
    try:
        model = resolve_model(os.environ.get("EDGE_EMOTION_MODEL", DEFAULT_MODEL))
        folder = folder_of(model, device_name(), capability, tensorrt.__version__)
        engine = find_or_build(model, folder, capability)
    except EdgeEmotionError as error:
        sys.exit(f"error: {error}")
    arguments = ["camera", "--model", str(engine), "--backend", "tensorrt", *sys.argv[1:]]
    os.execvp("edge-emotion", ["edge-emotion", *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
