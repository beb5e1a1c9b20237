"""Memory that a training step frees stays the process's own, for the next step."""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT = 1 << 30  # bytes; no activation of a compact network is as large


def keep_freed_memory() -> bool:
    """Let glibc's allocator keep what is freed, for the rest of the process.

    Unless told otherwise it hands megabytes back to the kernel as soon as they are free, and a
    step's activations are freed at the end of the step: the next one finds each page of them gone,
    thousands a batch, and waits while the kernel clears it anew. The process's peak stays what it
    was. Only memory on the CPU is concerned.

    Returns:
        Whether it was done; false where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    return all(mallopt(what, _KEPT) == 1 for what in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD))
