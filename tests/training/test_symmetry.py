"""Networks that see a face and its mirror image alike."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")
pytestmark = pytest.mark.train

from edge_emotion.errors import RecipeError  # noqa: E402
from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.compact import CompactResNet, PooledCNN, Shape  # noqa: E402
from edge_emotion.models.mirror import keep_symmetric, make_symmetric  # noqa: E402
from edge_emotion.models.quantization import quantised_twin  # noqa: E402

SHAPE = Shape(stem=8, kernel=3, strides=(1, 1), widths=(16,), depths=(1,), dropout=0.0)
BOTH = pytest.mark.parametrize(
    "shape", [SHAPE, replace(SHAPE, expansions=(2,))], ids=["dense", "inverted"]
)


def symmetric(shape: Shape) -> CompactResNet:
    torch.manual_seed(0)
    network = CompactResNet(shape)
    make_symmetric(network)
    for layer in network.modules():  # as a training leaves them: none is 0, none is 1
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.uniform_(layer.running_mean, -0.1, 0.1)
    keep_symmetric(network)
    return network.eval()


@pytest.fixture
def faces() -> torch.Tensor:
    return torch.randint(0, 256, (8, 1, 48, 48), generator=torch.Generator().manual_seed(1)).float()


@BOTH
def test_where_nothing_is_strided_the_mirror_image_gets_the_same_answer(
    shape: Shape, faces: torch.Tensor
) -> None:
    network = symmetric(shape)
    assert torch.allclose(network(faces.flip(3)), network(faces), atol=1e-5)
    assert (network(faces)[0] - network(faces)[1]).abs().max() > 1e-3
    torch.manual_seed(0)
    plain = CompactResNet(shape).eval()
    assert (plain(faces.flip(3)) - plain(faces)).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["tiny", "small", "base", "teacher-c", "teacher-d"])
def test_the_shapes_trained_so_are_exact_in_the_mirror(name: str, faces: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = build_network(name).eval()
    assert isinstance(network, PooledCNN)
    make_symmetric(network)
    assert torch.allclose(network(faces.flip(3)), network(faces), atol=1e-5)


@BOTH
def test_a_symmetric_network_has_a_symmetric_quantised_twin(
    shape: Shape, faces: torch.Tensor
) -> None:
    twin = quantised_twin(symmetric(shape)).train()
    twin(faces)  # ranges are learned from it
    twin.eval()
    assert torch.allclose(twin(faces.flip(3)), twin(faces), atol=1e-4)
    before = copy.deepcopy(twin.state_dict())
    keep_symmetric(twin)
    for key, value in twin.state_dict().items():
        assert torch.allclose(value, before[key], atol=1e-6), key


@BOTH
def test_steps_of_an_optimiser_keep_it_symmetric(shape: Shape, faces: torch.Tensor) -> None:
    network = symmetric(shape).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    start = copy.deepcopy(network.state_dict())
    for _ in range(3):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(faces), torch.arange(8) % 7).backward()
        optimiser.step()
        keep_symmetric(network)
    network.eval()
    assert torch.allclose(network(faces.flip(3)), network(faces), atol=1e-4)
    moved = network.state_dict()["classifier.weight"] - start["classifier.weight"]
    assert moved.abs().max() > 1e-3


def test_the_weights_of_a_new_network_keep_their_spread() -> None:
    torch.manual_seed(0)
    network = build_network("small")
    before = network.features[3].weight.std().item()
    make_symmetric(network)
    assert network.features[3].weight.std().item() == pytest.approx(before, rel=0.05)


def test_what_cannot_be_symmetric_is_refused() -> None:
    with pytest.raises(RecipeError, match="MiniXception cannot be kept symmetric"):
        make_symmetric(build_network("mini-xception"))
    odd = Shape(stem=8, kernel=3, strides=(1, 1), widths=(15,), depths=(0,))
    with pytest.raises(RecipeError, match="15 channels"):
        make_symmetric(CompactResNet(odd))
