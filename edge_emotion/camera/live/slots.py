"""Frames in shared memory: one process writes, another copies the newest out.

The memory is an anonymous file that exists as long as one of the two holds it open, so nothing is
left behind however they end. It has room for ``SLOTS`` frames of one size and a sequence number
per slot. The writer goes round the slots; a reader that copies the newest one while the writer
comes round to it again finds another number afterwards, and drops the copy.
"""

from __future__ import annotations

import mmap
import os
import struct
from math import prod

import numpy as np
import numpy.typing as npt

SLOTS = 3
Shape = tuple[int, ...]

_HEADER_BYTES = mmap.PAGESIZE
_NUMBER = struct.Struct("<q")
_BEING_WRITTEN = -1


def _bytes_for(shape: Shape) -> int:
    return _HEADER_BYTES + SLOTS * prod(shape)


def _slot_view(memory: mmap.mmap, shape: Shape, slot: int) -> npt.NDArray[np.uint8]:
    offset = _HEADER_BYTES + slot * prod(shape)
    return np.frombuffer(memory, np.uint8, prod(shape), offset).reshape(shape)


class SlotWriter:
    """The writing side, which makes the memory.

    Args:
        shape: of every frame.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.descriptor = os.memfd_create("edge-emotion-frames")
        os.ftruncate(self.descriptor, _bytes_for(shape))
        self._memory = mmap.mmap(self.descriptor, _bytes_for(shape))

    def write(self, sequence: int, image: npt.NDArray[np.uint8]) -> None:
        """Put a frame into the slot that ``sequence`` (0, 1, 2, …) falls on."""
        slot = sequence % SLOTS
        _NUMBER.pack_into(self._memory, slot * _NUMBER.size, _BEING_WRITTEN)
        np.copyto(_slot_view(self._memory, self.shape, slot), image)
        _NUMBER.pack_into(self._memory, slot * _NUMBER.size, sequence)

    def close(self) -> None:
        """Give the memory up."""
        self._memory.close()
        os.close(self.descriptor)


class SlotReader:
    """The reading side.

    Args:
        descriptor: of the writer's memory; it is closed here.
        shape: of every frame.

    Raises:
        ValueError: the memory is smaller than frames of that shape need.
    """

    def __init__(self, descriptor: int, shape: Shape) -> None:
        self._shape = shape
        try:
            self._memory = mmap.mmap(descriptor, _bytes_for(shape), prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)

    def copy(self, sequence: int) -> npt.NDArray[np.uint8] | None:
        """A copy of frame ``sequence``, or ``None`` where a newer one has taken its slot."""
        slot = sequence % SLOTS
        image = _slot_view(self._memory, self._shape, slot).copy()
        kept: int = _NUMBER.unpack_from(self._memory, slot * _NUMBER.size)[0]
        return image if kept == sequence else None

    def close(self) -> None:
        """Give the memory up."""
        self._memory.close()
