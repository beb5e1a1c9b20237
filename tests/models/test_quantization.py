"""The quantised twin: same function, integer grids, no batch-norm."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.train

from torch import nn  # noqa: E402

from edge_emotion.models import build_network  # noqa: E402
from edge_emotion.models.compact import Normalise  # noqa: E402
from edge_emotion.models.cost import macs, parameters  # noqa: E402
from edge_emotion.models.quantization import (  # noqa: E402
    ActivationQuantizer,
    QuantConv2d,
    QuantLinear,
    freeze_ranges,
    quantised_twin,
    weight_scale,
)


def faces(count: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 48, 48), dtype=torch.uint8, generator=generator)


@pytest.fixture
def network() -> nn.Module:
    """A network whose batch-norms have statistics worth folding."""
    torch.manual_seed(0)
    network = build_network("small")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    network.train()
    with torch.no_grad():
        for _ in range(20):
            network(faces(32))
    return network.eval()


@pytest.fixture
def twin(network: nn.Module) -> nn.Module:
    twin = quantised_twin(network)
    with torch.no_grad():
        twin(faces())
    return twin.eval()


@pytest.mark.parametrize(
    ("name", "most_macs", "most_parameters"),
    [
        ("tiny", 8_000_000, 300_000),
        ("small", 40_000_000, 1_000_000),
        ("base", 120_000_000, 4_000_000),
    ],
)
def test_the_family_stays_within_its_budgets(
    name: str, most_macs: int, most_parameters: int
) -> None:
    network = build_network(name)
    assert macs(network) <= most_macs
    assert parameters(network) <= most_parameters


def test_every_channel_count_fills_vector_units() -> None:
    convolutions = [m for m in build_network("small").modules() if isinstance(m, nn.Conv2d)]
    assert all(conv.out_channels % 32 == 0 for conv in convolutions[:-1])


def test_twin_computes_nearly_the_same_logits(network: nn.Module, twin: nn.Module) -> None:
    with torch.no_grad():
        expected, found = network(faces()), twin(faces())
    assert (expected - found).norm() < 0.1 * expected.norm()
    assert (expected != found).any()


def test_twin_has_no_batch_norm_and_leaves_the_network_alone(network: nn.Module) -> None:
    before = {key: value.clone() for key, value in network.state_dict().items()}
    twin = quantised_twin(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in twin.modules())
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    after = network.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_activations_lie_on_their_grid(twin: nn.Module) -> None:
    seen = []
    quantizers = [m for m in twin.modules() if isinstance(m, ActivationQuantizer)]
    for quantizer in quantizers:
        quantizer.register_forward_hook(lambda m, _, out: seen.append(out / m.scale))
    with torch.no_grad():
        twin(faces())
    assert len(seen) == len(quantizers) > 10
    for levels in seen:
        assert torch.allclose(levels, levels.round(), atol=1e-3)
        assert levels.abs().max() <= 127.001


def test_ranges_follow_the_data_until_frozen(network: nn.Module) -> None:
    twin = quantised_twin(network)
    quantizer = next(m for m in twin.modules() if isinstance(m, ActivationQuantizer))
    with torch.no_grad():
        twin(faces() // 4)
        first = quantizer.limit.clone()
        twin(faces())
        assert quantizer.limit != first
        freeze_ranges(twin)
        frozen = quantizer.limit.clone()
        twin(faces() // 8)
    assert quantizer.limit == frozen


def test_gradients_reach_weights_and_stop_outside_the_range() -> None:
    quantizer = ActivationQuantizer(non_negative=False, branch=False)
    quantizer(torch.tensor([1.0]))
    quantizer.eval()
    x = torch.tensor([0.5, 3.0, -3.0], requires_grad=True)
    quantizer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_weights_use_the_whole_grid_per_channel() -> None:
    conv = QuantConv2d(3, 4, 3)
    levels = (conv.weight / weight_scale(conv)).detach()
    assert torch.allclose(levels.abs().amax((1, 2, 3)), torch.full((4,), 127.0))


def levels_of_weights(twin: nn.Module) -> list[float]:
    layers = [m for m in twin.modules() if isinstance(m, (QuantConv2d, QuantLinear))]
    return [(m.weight / weight_scale(m)).detach().abs().max().item() for m in layers]


def test_weights_have_7_bits_where_their_input_fills_a_byte(twin: nn.Module) -> None:
    first, *others = levels_of_weights(twin)
    assert first == pytest.approx(63), "it reads pixels"
    assert others == pytest.approx([127] * len(others)), "each reads what a ReLU gave"

    signed = nn.Sequential(Normalise(), nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3), nn.ReLU())
    later = levels_of_weights(quantised_twin(nn.Sequential(signed, nn.Conv2d(4, 7, 3))))
    assert later == pytest.approx([63, 63, 127]), "no ReLU before the second"


def test_residual_branches_are_marked_for_the_tensorrt_encoding(twin: nn.Module) -> None:
    quantizers = [m for m in twin.modules() if isinstance(m, ActivationQuantizer)]
    branches = [q for q in quantizers if q.branch]
    assert len(branches) == 2, "one residual block per depth of `small`"
    assert not any(q.non_negative for q in branches)
    assert all(q.non_negative for q in quantizers if not q.branch)
