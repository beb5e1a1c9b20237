"""What a run says while it works, and what it remembers of each epoch."""

from __future__ import annotations

import sys
import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, ProgressBar, RichProgressBar


class History(Callback):
    """Loss, accuracy, time and threads of every epoch; survives a resume, maybe elsewhere."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self._started = time.monotonic()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Start the epoch's clock."""
        self._started = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Record the epoch (Lightning validates before this hook runs)."""
        figures = trainer.callback_metrics
        self.epochs.append(
            {
                "epoch": float(trainer.current_epoch + 1),
                "train_loss": float(figures["train_loss"]),
                "val_accuracy": float(figures["val_accuracy"]),
                "seconds": round(time.monotonic() - self._started, 2),
                "threads": float(torch.get_num_threads()),
            }
        )

    def state_dict(self) -> dict[str, Any]:
        """Kept in Lightning's checkpoint."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where the checkpoint stopped."""
        self.epochs = list(state_dict["epochs"])


class EpochLines(ProgressBar):
    """One line an epoch on stderr: for logs and terminals that cannot redraw."""

    def __init__(self, phase: str, history: History) -> None:
        super().__init__()
        self._phase = phase
        self._history = history

    def disable(self) -> None:
        """Lightning silences other ranks through this; lines come from ``on_train_epoch_end``."""

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Print the epoch that ``History`` has just recorded."""
        if not trainer.is_global_zero:
            return
        last = self._history.epochs[-1]
        print(  # noqa: T201 - this class is the run's voice
            f"{self._phase} epoch {last['epoch']:.0f}/{trainer.max_epochs}  "
            f"loss {last['train_loss']:.3f}  validation {last['val_accuracy']:.2%}  "
            f"{last['seconds']:.0f} s",
            file=sys.stderr,
            flush=True,
        )


def progress_bar(phase: str, history: History) -> ProgressBar:
    """A live bar on a terminal, plain lines elsewhere; both on stderr."""
    if sys.stderr.isatty():
        return RichProgressBar(console_kwargs={"stderr": True})
    return EpochLines(phase, history)
