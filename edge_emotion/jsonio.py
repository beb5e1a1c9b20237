"""Files that are either whole or absent: atomic writes, JSON, sha256."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge_emotion.errors import OutputError


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target``; on success it is flushed and renamed onto it.

    The caller writes the whole file at the yielded path. When the block raises, the temporary
    file is removed and ``target`` stays as it was.

    Raises:
        OutputError: the folder cannot be created or written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise unwritable(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
        sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Write ``content`` so that ``target`` is never seen half-written."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: Path, content: str) -> None:
    """Write ``content`` as UTF-8 so that ``target`` is never seen half-written."""
    write_bytes(target, content.encode())


def write_json(target: Path, document: Any) -> None:
    """Write ``document`` as indented JSON, atomically. NaN and infinity are refused."""
    write_text(target, json.dumps(document, indent=2, allow_nan=False) + "\n")


def output_directory(path: Path) -> Path:
    """Create ``path`` and prove that it can be written to, before any work is done for it.

    Raises:
        OutputError: it is a file, or cannot be created or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def cache_directory() -> Path:
    """Where derived files live: ``EDGE_EMOTION_CACHE``, or the platform's user cache folder."""
    configured = os.environ.get("EDGE_EMOTION_CACHE")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "edge-emotion"


def unwritable(path: Path, error: OSError) -> OutputError:
    """The one error for a place that cannot be written to."""
    return OutputError(
        f"cannot write {path}: {error.strerror or error}",
        "choose a folder you may write to, with space left",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync(path: Path) -> None:
    """Wait until a file's content, or what a folder holds, has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
