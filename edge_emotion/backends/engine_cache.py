"""What TensorRT learns on a machine and would otherwise learn again: kept in the cache folder.

Tactic timings save minutes of building, compiled kernels save seconds of loading. Both hold for one
TensorRT version on one kind of GPU. TensorRT trusts what it is given, and kernels are programs, so
a cache is read only where nobody else could have written it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from edge_emotion.backends.engine import untrusted_reason
from edge_emotion.backends.gpu import device_name
from edge_emotion.errors import OutputError
from edge_emotion.jsonio import cache_directory, write_bytes


class EngineCache:
    """One file of the cache folder.

    Args:
        kind: ``timing`` for the builder's timings, ``kernels`` for compiled kernels.
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
        capability: compute capability of the GPU here, as "8.7".
    """

    def __init__(self, kind: Literal["timing", "kernels"], runtime: Any, capability: str) -> None:
        device = re.sub(r"[^a-z0-9]+", "-", device_name().lower()).strip("-")
        name = f"{kind}-{runtime.__name__}-{runtime.__version__}-sm{capability}-{device}.bin"
        self.path: Path = cache_directory() / "tensorrt" / name
        self._kept = b""

    def read(self) -> bytes:
        """What was kept last; nothing where there is none, or where others could have written."""
        with suppress(OSError):
            if untrusted_reason(self.path.parent) is None and untrusted_reason(self.path) is None:
                self._kept = self.path.read_bytes()
        return self._kept

    def keep(self, content: bytes) -> None:
        """Replace it, atomically; a place that cannot be written to costs time, not the work."""
        if content != self._kept:
            with suppress(OutputError):
                write_bytes(self.path, content)
                self._kept = content
