"""Make a release of model files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from edge_emotion.artifact import Artifact, manifest_path
from edge_emotion.errors import OutputError, UsageError
from edge_emotion.jsonio import output_directory, sha256_of, write_text
from edge_emotion.releases.golden import golden_path, make_golden
from edge_emotion.releases.release import RELEASE, Part, Release


def pack(artifacts: Sequence[Artifact], version: str, out: Path) -> Release:
    """Put files of one model into an empty folder, with golden answers and what lists them all.

    Args:
        artifacts: one model in its encodings and formats.
        version: what to call this state of it.
        out: the folder, to be served by any web server or carried on a stick.

    Raises:
        UsageError: they are files of several models.
        ArtifactError: no backend here runs one of them.
        OutputError: the folder is not empty, or cannot be written.
    """
    names = {artifact.manifest.name for artifact in artifacts}
    if len(names) != 1:
        raise UsageError(f"one release is of one model, not of {', '.join(sorted(names))}")
    if any(output_directory(out).iterdir()):
        raise OutputError(f"{out} is not empty", "choose another folder")
    for artifact in artifacts:
        path = artifact.path
        for name in (path.name, manifest_path(path).name, *artifact.manifest.companions):
            shutil.copyfile(path.with_name(name), out / name)
        golden = make_golden(artifact).model_dump_json() + "\n"
        write_text(golden_path(out / path.name), golden)
    parts = {
        path.name: Part(sha256=sha256_of(path), file_bytes=path.stat().st_size)
        for path in sorted(out.iterdir())
    }
    release = Release(name=names.pop(), version=version, files=parts)
    write_text(out / RELEASE, release.document())
    return release
