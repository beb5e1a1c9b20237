"""Two processes under torchrun learn what one learns from the same batches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.errors import RecipeError  # noqa: E402
from edge_emotion.training.world import World  # noqa: E402

RECIPE = """
name = "together"
network = "small"
batch_size = 32
precision = "fp32"
[augmentation]
erase = 0
[fp32]
epochs = 6
learning_rate = 0.03
warmup_epochs = 1
ema_decay = 0.9
[int8]
epochs = 1
learning_rate = 0.003
ema_decay = 0.9
"""


def run(launcher: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    (folder / "recipe.toml").write_text(RECIPE)
    command = [*launcher, "-m", "edge_emotion", "train", "--data", "synthetic"]
    command += ["--recipe", str(folder / "recipe.toml"), "--out", str(folder / "run")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done


def metrics(folder: Path) -> dict[str, dict[str, list[dict[str, float]]]]:
    document: dict[str, dict[str, list[dict[str, float]]]] = json.loads(
        (folder / "run" / "metrics.json").read_text()
    )
    return document


def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    together = run([*torchrun, "--nproc-per-node", "2"], tmp_path / "two")
    run([sys.executable], tmp_path / "one")
    two, one = metrics(tmp_path / "two"), metrics(tmp_path / "one")
    for phase in ("fp32", "int8"):
        assert len(two[phase]["epochs"]) == len(one[phase]["epochs"])
        losses = [[epoch["train_loss"] for epoch in run[phase]["epochs"]] for run in (two, one)]
        # Dropout and augmentation draw other numbers in each process; the course is the same.
        np.testing.assert_allclose(losses[0], losses[1], rtol=0.15)
    assert two["fp32"]["epochs"][-1]["train_loss"] < two["fp32"]["epochs"][0]["train_loss"] - 0.3
    assert together.stdout.count("checkpoint.safetensors") == 1, "one process speaks"
    assert together.stderr.count("fp32 epoch 1/6") == 1


def test_a_batch_is_shared_evenly_or_not_at_all() -> None:
    assert World(size=4, local=2, rank=3).share(128) == 32
    for batch in (127, 4):
        with pytest.raises(RecipeError, match="cannot be split over 4 processes"):
            World(size=4, local=4).share(batch)
