"""The processes that train together: one, unless ``torchrun`` started more."""

from __future__ import annotations

import os
from dataclasses import dataclass

from edge_emotion.errors import RecipeError


@dataclass(frozen=True)
class World:
    """What ``torchrun`` says of this process and its siblings.

    Args:
        size: processes on all machines.
        local: processes on this machine.
        rank: number of this one, from 0; number 0 writes the files.
    """

    size: int = 1
    local: int = 1
    rank: int = 0

    @classmethod
    def here(cls) -> World:
        """Read from the environment that ``torchrun`` sets.

        Source: https://docs.pytorch.org/docs/stable/elastic/run.html, "Environment Variables".
        """
        return cls(
            size=int(os.environ.get("WORLD_SIZE", "1")),
            local=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
            rank=int(os.environ.get("RANK", "0")),
        )

    @property
    def leads(self) -> bool:
        """Whether this process writes the files and speaks."""
        return self.rank == 0

    @property
    def nodes(self) -> int:
        """Machines."""
        return self.size // self.local

    @property
    def strategy(self) -> str:
        """Lightning's name for how the processes share their work."""
        return "auto" if self.size == 1 else "ddp"

    def share(self, batch_size: int) -> int:
        """A process's part of a batch, so that a recipe means the same however many train it.

        Raises:
            RecipeError: it cannot be split evenly, or leaves a process with a single face.
        """
        share, rest = divmod(batch_size, self.size)
        if rest or share < 2:
            raise RecipeError(
                f"a batch of {batch_size} cannot be split over {self.size} processes",
                "set batch_size to a multiple of the processes, at least two faces each",
            )
        return share
