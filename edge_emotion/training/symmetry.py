"""Keep a network symmetric while it is trained."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from edge_emotion.models.mirror import keep_symmetric, tie_gradients


class Symmetry(Callback):
    """Before and after every step; to stand before the callback that averages weights."""

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: Any, *_: object) -> None:  # noqa: ARG002
        """Tie the gradients, so that the step is chosen among symmetric ones."""
        tie_gradients(pl_module.network)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, *_: object) -> None:  # noqa: ARG002
        """Tie the weights again."""
        keep_symmetric(pl_module.network)
