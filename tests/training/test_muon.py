"""The optimiser that steps convolutions equally far in every direction."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")
pytestmark = pytest.mark.train

from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.mirror import keep_symmetric, make_symmetric, tie_gradients  # noqa: E402
from edge_emotion.training.faces import load_training_data  # noqa: E402
from edge_emotion.training.module import optimizer_of  # noqa: E402
from edge_emotion.training.muon import Muon, orthogonalised  # noqa: E402
from edge_emotion.training.recipe import Phase, Recipe, Spectral  # noqa: E402
from edge_emotion.training.run import train  # noqa: E402

MUON = Spectral(learning_rate=0.05, weight_decay=0.02)


def draw_gradients(network: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def step(network: torch.nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    draw_gradients(network, seed)
    optimizer.step()


@pytest.mark.parametrize("shape", [(64, 288), (192, 64), (32, 32)])
def test_singular_values_come_near_one_and_singular_vectors_stay(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(1)
    fading = torch.logspace(0, -2, shape[1])
    matrix = torch.randn(shape, generator=generator) * fading
    straight = orthogonalised(matrix)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inside = left.T @ straight @ right.T / max(1, shape[0] / shape[1]) ** 0.5
    values = inside.diagonal()
    assert (values[:-2] > 0.6).all()  # of a square matrix, the last may be too small to be lifted
    assert (values < 1.25).all()
    assert (inside - values.diag()).abs().max() < 1e-3


def test_the_scale_of_a_gradient_does_not_matter_and_none_is_no_step() -> None:
    matrix = torch.randn(16, 40, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(orthogonalised(matrix), orthogonalised(1000 * matrix), atol=1e-4)
    assert orthogonalised(torch.zeros(4, 6)).abs().max() == 0


def test_a_step_of_a_kernel_is_as_long_as_the_rate_says() -> None:
    torch.manual_seed(0)
    network = build_network("tiny")
    before = copy.deepcopy(dict(network.named_parameters()))
    phase = Phase(epochs=1, learning_rate=0.1, muon=MUON)
    optimizer = optimizer_of(network, phase)
    assert isinstance(optimizer, Muon)
    step(network, optimizer, seed=1)
    for name, parameter in network.named_parameters():
        moved = parameter.detach() - before[name].detach()
        if parameter.ndim == 4:
            moved += 0.05 * 0.02 * before[name].detach()
            if parameter.shape[1] == 1:
                assert torch.allclose(moved.flatten(1).norm(dim=1), torch.tensor(0.05)), name
            else:
                rows, columns = moved.flatten(1).shape
                longest = torch.linalg.matrix_norm(moved.flatten(1), ord=2)
                wanted = 0.05 * max(1, rows / columns) ** 0.5
                assert 0.65 * wanted < longest < 1.2 * wanted, name
        else:
            decay = 5e-4 * before[name].detach() if parameter.ndim > 1 else 0.0
            wanted = -0.1 * 1.9 * (parameter.grad + decay)  # Nesterov's first: 1 + momentum of it
            assert torch.allclose(moved, wanted, atol=1e-6), name


def test_only_matrices_and_kernels_decay_and_every_parameter_is_stepped_once() -> None:
    network = build_network("tiny")
    groups = optimizer_of(network, Phase(epochs=1, learning_rate=0.1, muon=MUON)).param_groups
    stepped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(stepped) == sorted(map(id, network.parameters()))
    for group in groups:
        assert (group["weight_decay"] == 0) == all(p.ndim <= 1 for p in group["params"])


def test_it_leaves_a_symmetric_network_symmetric_and_steps_full_length() -> None:
    torch.manual_seed(0)
    network = build_network("tiny")
    make_symmetric(network)
    optimizer = optimizer_of(network, Phase(epochs=1, learning_rate=0.1, muon=MUON))
    draw_gradients(network, seed=1)
    tie_gradients(network)
    optimizer.step()
    stepped = copy.deepcopy(network.state_dict())
    keep_symmetric(network)
    for key, value in network.state_dict().items():
        assert torch.allclose(value, stepped[key], atol=1e-5), key


def test_its_state_goes_through_a_checkpoint() -> None:
    torch.manual_seed(0)
    network = build_network("tiny")
    phase = Phase(epochs=1, learning_rate=0.1, muon=MUON)
    optimizer = optimizer_of(network, phase)
    step(network, optimizer, seed=1)
    copied = copy.deepcopy(network)
    resumed = optimizer_of(copied, phase)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    step(network, optimizer, seed=2)
    step(copied, resumed, seed=2)
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, copied.get_parameter(name)), name


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    phase = Phase(epochs=2, learning_rate=0.1, ema_decay=0.9, muon=MUON)
    recipe = Recipe(name="m", network="tiny", batch_size=64, symmetric=True, fp32=phase)
    faces = load_training_data("synthetic", recipe)

    class Stop(Exception):
        pass

    started: list[int] = []

    class Epochs(pl.Callback):  # type: ignore[misc]
        def on_train_epoch_start(self, trainer: Any, *_: object) -> None:
            started.append(trainer.current_epoch)

    class StopAfterOne(pl.Callback):  # type: ignore[misc]
        def on_train_epoch_start(self, trainer: Any, *_: object) -> None:
            if trainer.current_epoch == 1:
                raise Stop

    whole = train(recipe, faces, tmp_path / "whole", resume=False)
    with pytest.raises(Stop):
        train(recipe, faces, tmp_path / "part", resume=False, watchers=[StopAfterOne()])
    rest = train(recipe, faces, tmp_path / "part", resume=True, watchers=[Epochs()])
    assert started == [1]
    assert len(whole.metrics["fp32"]["epochs"]) == len(rest.metrics["fp32"]["epochs"]) == 2
    assert rest.metrics["fp32"]["epochs"][0]["train_loss"] == pytest.approx(
        whole.metrics["fp32"]["epochs"][0]["train_loss"]
    )
    moved = whole.fp32["features.3.weight"] - rest.fp32["features.3.weight"]
    assert moved.abs().max() < 0.05
