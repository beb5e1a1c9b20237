"""A whole training run: floating point, then quantization-aware, then one checkpoint."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, WeightAveraging
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from edge_emotion.artifact import Manifest, publish_manifest
from edge_emotion.errors import RecipeError
from edge_emotion.jsonio import atomic_path, output_directory, sha256_of, write_json
from edge_emotion.models.checkpoint import CHECKPOINT, Checkpoint, checkpoint_file
from edge_emotion.models.cost import macs, parameters
from edge_emotion.models.features import width
from edge_emotion.models.quantization import quantised_twin
from edge_emotion.training.averaging import growing_average
from edge_emotion.training.claim import Sources, claim
from edge_emotion.training.faces import TrainingData
from edge_emotion.training.loader import training_loader, validation_loader
from edge_emotion.training.memory import keep_freed_memory
from edge_emotion.training.module import EmotionModule
from edge_emotion.training.objective import DistilledObjective, Hints, Objective
from edge_emotion.training.progress import History, progress_bar
from edge_emotion.training.recipe import Distillation, Phase, Recipe
from edge_emotion.training.start import Start, begin
from edge_emotion.training.symmetry import Symmetry
from edge_emotion.training.teachers import Teachers
from edge_emotion.training.world import World

METRICS = "metrics.json"


def train(
    recipe: Recipe,
    data: TrainingData,
    out: Path,
    resume: bool,
    teachers: Sequence[Path] = (),
    watchers: Sequence[Callback] = (),
    start: str | None = None,
) -> Checkpoint:
    """Run the phases of a recipe and leave ``checkpoint.safetensors`` and ``metrics.json``.

    From here on the process keeps the memory that it frees, see ``keep_freed_memory``.

    Args:
        recipe: what to do.
        data: faces to learn from and to validate on.
        out: folder for the run; everything needed to resume lies in it.
        resume: go on with the run that ``out`` holds.
        teachers: checkpoints and answers to distil from, as the recipe's ``distillation`` says.
        watchers: what else looks on at each epoch of every phase, and may end the run by raising.
        start: whose weights the run begins with, as ``Start.load`` takes it.

    Raises:
        ArtifactError: a teacher or the start cannot be read, or is of no use.
        DataError: a teacher's kept answers lack a training face.
        OutputError: ``out`` holds a run already and ``resume`` is false, or a run with other faces,
            votes, teachers or start, or cannot be written.
        RecipeError: ``out`` holds a run of another recipe, the network cannot be symmetric, or
            hints are wanted of no network, or a batch is too small to be divided.
    """
    keep_freed_memory()
    world = World.here()
    teachers = [checkpoint_file(path) for path in teachers]
    hashes = [sha256_of(path) for path in teachers]
    taught_by = Teachers.load(teachers)
    _check(recipe, taught_by, world)
    begun = None if start is None else Start.load(start, recipe.network, data.train.images)
    if world.leads:
        sources = Sources.of(data, hashes, begun.sha256 if begun else None)
        claim(output_directory(out), recipe, sources, resume)
    settings = recipe.distillation or Distillation()
    answers = taught_by.answers(data.train.images, settings.temperature)
    work = _Work(world, recipe, data, out, taught_by, answers, tuple(watchers))
    pl.seed_everything(recipe.seed, verbose=False)
    network = begin(recipe, begun)
    fp32, history = work.run("fp32", network, recipe.fp32)
    network.load_state_dict(fp32)
    metrics = {
        "validation": {
            "split": data.validation.split.value,
            "images": len(data.validation),
            "fold": None if data.fold is None else asdict(data.fold),
        },
        "train": {
            "images": len(data.train),
            "source_sha256": data.train.source_sha256,
            "votes_sha256": data.votes_sha256,
            "left_out": data.left_out,
        },
        "start": None if begun is None else _named(begun.file, begun.sha256),
        "teachers": [_named(path, sha) for path, sha in zip(teachers, hashes, strict=True)],
        "macs": macs(network),
        "parameters": parameters(network),
        "fp32": {"accuracy": history[-1]["val_accuracy"], "epochs": history},
    }
    int8: dict[str, Tensor] = {}
    if recipe.int8 is not None:
        pl.seed_everything(recipe.seed + 1, verbose=False)
        int8, history = work.run("int8", quantised_twin(network), recipe.int8)
        metrics["int8"] = {"accuracy": history[-1]["val_accuracy"], "epochs": history}
    checkpoint = Checkpoint(recipe.network, recipe.model_dump(mode="json"), metrics, fp32, int8)
    if world.leads:
        _publish(checkpoint, recipe, out)
    return checkpoint


def _check(recipe: Recipe, teachers: Teachers, world: World) -> None:
    count = len(teachers.networks)
    if recipe.wants_hints and not count:
        raise RecipeError(
            f"recipe {recipe.name!r} learns from hints, and none of its teachers is a network",
            "name a network under distillation.teachers, or set fp32.hints=0",
        )
    # Hints bring features to their mean and variance over a teacher's share: that takes two faces.
    divided = recipe.distillation is not None and recipe.distillation.divided
    if divided and world.share(recipe.batch_size) < 2 * count:
        raise RecipeError(
            f"batch_size {recipe.batch_size} gives not each of {count} teachers two faces",
            f"set batch_size={2 * count * world.size} or more, or distillation.divided=false",
        )


@dataclass(frozen=True)
class _Work:
    """What the phases of a run share."""

    world: World
    recipe: Recipe
    data: TrainingData
    out: Path
    teachers: Teachers
    answers: npt.NDArray[np.float32] | None
    watchers: tuple[Callback, ...]

    def run(
        self, name: str, network: nn.Module, phase: Phase
    ) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
        """Run one phase, or load it when it was finished before."""
        weights = self.out / f"{name}.safetensors"
        history_file = self.out / f"{name}.history.json"
        if weights.exists():
            return load_file(weights), _read_history(history_file)
        history = History()
        trainer = self._trainer(name, phase, history)
        module = EmotionModule(
            network,
            phase,
            self.recipe.augmentation,
            self.recipe.degradation,
            self._objective(network, phase),
        )
        last = self.out / name / "last.ckpt"
        with warnings.catch_warnings():
            # Lightning's advice on workers and log intervals does not fit data that lies in memory.
            warnings.simplefilter("ignore")
            try:
                trainer.fit(
                    module,
                    training_loader(
                        self.data.train, self.recipe.batch_size, self.world, self.answers
                    ),
                    validation_loader(self.data.validation),
                    ckpt_path=str(last) if last.exists() else None,
                    weights_only=True,
                )
            except SystemExit as stop:  # how Lightning leaves after Ctrl-C
                raise KeyboardInterrupt from stop
        state = {key: value.contiguous() for key, value in module.network.state_dict().items()}
        if self.world.leads:
            write_json(history_file, history.epochs)
            with atomic_path(weights) as temporary:
                save_file(state, temporary)
        return state, history.epochs

    def _objective(self, network: nn.Module, phase: Phase) -> Objective:
        if not self.teachers:
            return Objective(phase.label_smoothing)
        hints = Hints(width(network), self.teachers.widths, phase.hints) if phase.hints else None
        return DistilledObjective(
            phase.label_smoothing,
            self.teachers.networks,
            self.recipe.distillation or Distillation(),
            len(self.teachers.kept),
            hints,
        )

    def _trainer(self, name: str, phase: Phase, history: History) -> pl.Trainer:
        logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
        loggers = (CSVLogger, TensorBoardLogger)
        return pl.Trainer(
            accelerator="auto",
            devices=self.world.local,
            num_nodes=self.world.nodes,
            strategy=self.world.strategy,
            use_distributed_sampler=False,  # the loader's own: every process validates every face
            max_epochs=phase.epochs,
            precision=_precision(self.recipe),
            logger=[logger(self.out, "logs", version=name) for logger in loggers],
            callbacks=[
                history,
                progress_bar(name, history),
                *([Symmetry()] if self.recipe.symmetric else []),
                WeightAveraging(avg_fn=growing_average(phase.ema_decay)),
                *self.watchers,
                # Not save_last alone: Lightning 2.6 writes that at the end of the training only.
                ModelCheckpoint(self.out / name, filename="last", enable_version_counter=False),
            ],
            num_sanity_val_steps=0,
            enable_model_summary=False,
            gradient_clip_val=5.0,
        )


def _named(file: Path, sha256: str) -> dict[str, str]:
    return {"file": "/".join(file.absolute().parts[-2:]), "sha256": sha256}


def _read_history(path: Path) -> list[dict[str, float]]:
    epochs: list[dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    return epochs


def _precision(recipe: Recipe) -> Any:
    if recipe.precision == "auto":
        fast = torch.cuda.is_available() or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001
        return "bf16-mixed" if fast else "32-true"
    return {"bf16": "bf16-mixed", "fp32": "32-true"}[recipe.precision]


def _publish(checkpoint: Checkpoint, recipe: Recipe, out: Path) -> None:
    path = out / CHECKPOINT
    checkpoint.save(path)
    manifest = Manifest(
        name=recipe.name,
        network=recipe.network,
        format="safetensors",
        precision="int8" if checkpoint.int8 else "fp32",
        sha256=sha256_of(path),
        macs=checkpoint.metrics["macs"],
        parameters=checkpoint.metrics["parameters"],
        recipe=recipe.name,
        tools={name: version(name) for name in ("edge-emotion", "torch", "lightning")},
    )
    publish_manifest(path, manifest)
    write_json(out / METRICS, checkpoint.metrics)
