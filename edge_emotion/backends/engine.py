"""Decide whether this machine may load a TensorRT engine.

An engine holds machine code for one GPU generation and one TensorRT version, unless it was built to
be compatible with more, and is trusted like a program: it is loaded only when its manifest fits
this machine and nobody else could have put it there.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
import sys
from pathlib import Path

from edge_emotion.artifact import Artifact, Manifest, shipped_models
from edge_emotion.errors import ArtifactError

AMPERE = (8, 0)
"""The oldest compute capability that ``ampere+`` engines are built for and run on."""


def read_engine(artifact: Artifact) -> bytes:
    """The engine's content, after making sure that it is the one its manifest vouches for.

    Raises:
        ArtifactError: another user can write to its folder, or its sha256 differs.
    """
    problem = untrusted_reason(artifact.path.parent)
    if problem:
        raise ArtifactError(
            f"engine {artifact.path} is not loaded: {problem}",
            "an engine is a program: keep it in a folder that only you can write to",
        )
    content = artifact.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != artifact.manifest.sha256:
        raise ArtifactError(
            f"engine {artifact.path} is not the file its manifest describes (sha256 differs)",
            rebuild_command(artifact, None),
        )
    return content


def require_same_platform(artifact: Artifact, module: str, version: str, capability: str) -> None:
    """Refuse an engine that was built for something else.

    Args:
        artifact: the engine.
        module: the runtime that would load it, ``tensorrt`` or ``tensorrt_rtx``.
        version: that runtime's version.
        capability: compute capability of the GPU here, as "8.7".

    Raises:
        ArtifactError: runtime, version or GPU is another; the hint is the command that rebuilds it.
    """
    problem = _mismatch(artifact.manifest, module, version, capability)
    if problem:
        raise ArtifactError(
            f"engine {artifact.path} was built for other hardware or software: {problem}",
            rebuild_command(artifact, capability),
        )


def rebuild_command(artifact: Artifact, capability: str | None) -> str:
    """What to run to build the engine again, for a GPU of ``capability`` or for the one here."""
    manifest = artifact.manifest
    options = f" --compute-capability {capability}" if capability else ""
    if manifest.version_compatible:
        options += " --version-compatible"
    if manifest.hardware_compatibility != "none":
        options += f" --hardware-compatibility {manifest.hardware_compatibility}"
    return (
        f"rebuild it: edge-emotion compile {_source(manifest)} --target tensorrt{options} "
        f"--out {shlex.quote(str(artifact.path.parent))}"
    )


def _source(manifest: Manifest) -> str:
    """What an engine was made from: a shipped model's name, or the file that the export wrote.

    A name alone proves nothing: a model trained here may be called like a shipped one.
    """
    shipped = shipped_models().get(manifest.name, [])
    if any(source.manifest.sha256 == manifest.source_sha256 for source in shipped):
        return manifest.name
    encoding = "" if manifest.encoding == "none" else f".{manifest.encoding}"
    return f"{manifest.name}{encoding}.onnx"


def untrusted_reason(path: Path) -> str | None:
    """How somebody else could have written to a file or folder; ``None`` when nobody could.

    Raises:
        OSError: there is nothing at ``path``.
    """
    status = path.stat()
    if status.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another user"
    others = bool(status.st_mode & stat.S_IWOTH)
    other_group = bool(status.st_mode & stat.S_IWGRP) and status.st_gid != os.getegid()
    return f"other users can write to {path}" if others or other_group else None


def _mismatch(manifest: Manifest, module: str, version: str, capability: str) -> str | None:
    if manifest.format != module:
        return f"it is for {manifest.format}, this machine runs {module}"
    built_with = manifest.tools.get(module, "an unknown version")
    if manifest.version_compatible:
        if _numbers(built_with) > _numbers(version):
            return f"it needs {module} {built_with} or newer, this machine runs {version}"
    elif built_with != version:
        return f"it is for {module} {built_with}, this machine runs {version}"
    if not _runs_on(manifest, capability):
        targets = ", ".join(manifest.compute_capability) or "none"
        return f"its compute capabilities are {targets}, this machine's GPU has {capability}"
    return None


def _numbers(version: str) -> tuple[int, ...]:
    """``10.16.0.72`` → (10, 16, 0, 72); what is no version is newer than any."""
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else (sys.maxsize,)


def _runs_on(manifest: Manifest, capability: str) -> bool:
    if manifest.hardware_compatibility == "ampere+":
        return _numbers(capability) >= AMPERE
    return capability in manifest.compute_capability
