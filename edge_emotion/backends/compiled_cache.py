"""Compiled models, kept in the user's cache folder so that the next start need not compile.

An entry is the sha256 of its content and the content: a file that was cut short or damaged counts
as absent. Runtimes trust what they are given here, so entries are read only from a folder that
nobody else can write to. Nothing about the cache can fail a run: without it, runs start slower.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from edge_emotion.backends.engine import untrusted_reason
from edge_emotion.errors import OutputError
from edge_emotion.jsonio import cache_directory, write_bytes

MAX_ENTRIES = 32
"""A machine runs a few models; what was not used for longest makes room."""

_DIGEST_BYTES = 32


class CompiledCache:
    """One runtime's folder of entries.

    Args:
        runtime: its name.
    """

    def __init__(self, runtime: str) -> None:
        self.folder: Path = cache_directory() / runtime

    def read(self, key: str) -> bytes | None:
        """What was kept under ``key``; ``None`` where nothing whole and trustworthy is."""
        path = self._path(key)
        try:
            if untrusted_reason(self.folder) or untrusted_reason(path):
                return None
            entry = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, content = entry[:_DIGEST_BYTES], entry[_DIGEST_BYTES:]
        return content if hashlib.sha256(content).digest() == digest else None

    def keep(self, key: str, content: bytes) -> None:
        """Keep ``content`` under ``key``, as far as the folder lets itself be written."""
        with suppress(OSError, OutputError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_bytes(self._path(key), hashlib.sha256(content).digest() + content)
            entries = sorted(self.folder.glob("*.blob"), key=lambda path: path.stat().st_mtime)
            for path in entries[:-MAX_ENTRIES]:
                path.unlink()

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.blob"
