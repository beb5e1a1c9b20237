"""Features: what the last layer with weights reads."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

from edge_emotion.models import REGISTRY, build_network  # noqa: E402
from edge_emotion.models.compact import CompactResNet  # noqa: E402
from edge_emotion.models.features import Tap, width  # noqa: E402
from edge_emotion.models.quantization import quantised_twin  # noqa: E402

FACES = torch.rand(3, 1, 48, 48) * 255


@pytest.mark.parametrize("name", REGISTRY)
def test_every_network_has_features_and_is_left_as_it_was(name: str) -> None:
    network = build_network(name)
    found = width(network)
    assert network.training
    tap = Tap(network)
    network(FACES)
    assert tap.take().shape == (3, found)


def test_the_classifier_makes_its_answer_of_them() -> None:
    network = build_network("small").eval()
    assert isinstance(network, CompactResNet)
    tap = Tap(network)
    logits = network(FACES)
    assert torch.equal(network.classifier(tap.take()), logits)


def test_dropout_has_taken_nothing_away() -> None:
    network = build_network("small")
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 0.0
    tap = Tap(network)
    network(FACES)
    first = tap.take()
    network(FACES)
    assert torch.equal(tap.take(), first)


def test_the_quantised_twin_has_them_too() -> None:
    network = build_network("small").eval()
    twin = quantised_twin(network)
    assert width(twin) == width(network) == 192


def test_features_are_taken_once_and_a_closed_tap_keeps_none() -> None:
    network = build_network("tiny").eval()
    tap = Tap(network)
    network(FACES)
    tap.take()
    with pytest.raises(AssertionError):
        tap.take()
    tap.close()
    network(FACES)
    with pytest.raises(AssertionError):
        tap.take()
