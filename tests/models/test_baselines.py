"""Other people's networks: the family's contract, their published size, their quantised twin."""

from __future__ import annotations

import copy
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
pytestmark = pytest.mark.train

from torch import nn  # noqa: E402

from edge_emotion.artifact import publish_manifest  # noqa: E402
from edge_emotion.backends import get_backend  # noqa: E402
from edge_emotion.export.onnx import encode, to_onnx  # noqa: E402
from edge_emotion.models import REGISTRY, build_network  # noqa: E402
from edge_emotion.models.cost import parameters  # noqa: E402
from edge_emotion.models.quantization import quantised_twin  # noqa: E402
from tests.backends.classifiers import describe  # noqa: E402

PUBLISHED = {
    "keras-cnn": 4_474_759,  # trainable, as Keras prints them
    "mini-xception": 56_951,  # trainable, as Keras prints them
    "mobilenet-v3-small": 2_542_856 - 993 * 1025 - 2 * 16 * 9,
    "shufflenet-v2": 2_278_604 - 993 * 1025 - 2 * 24 * 9,
    "efficientnet-b0": 5_288_548 - 993 * 1281 - 2 * 32 * 9,
    "resnet18": 11_689_512 - 993 * 513 - 2 * 64 * 49,
    "vgg11-bn": 132_868_840 - 993 * 4097 - 2 * 64 * 9 - 48 * 512 * 4096,
}
"""Parameters; torchvision's, without 993 of the 1,000 classes and two of the three channels, and in
VGG without the weights of 48 copies of one pixel."""

QUANTISED = ("keras-cnn", "mini-xception")
"""Between them: batch-norm after linear layers, depthwise convolutions, max-pools before additions,
and shortcuts with a convolution. benchmarks/baselines.py quantises them all."""
INTEGER = {"Conv", "Gemm", "Add", "GlobalAveragePool"}
KEEPS_THE_GRID = {"Relu", "MaxPool", "Reshape", "QuantizeLinear", "DequantizeLinear"}


def faces(count: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 48, 48), dtype=torch.uint8, generator=generator)


def settled(name: str) -> nn.Module:
    """A network whose batch-norms have seen faces, in evaluation mode."""
    torch.manual_seed(0)
    network = build_network(name).train()
    with torch.no_grad():
        network(faces(16))
        network(faces(16))
    return network.eval()


@pytest.mark.parametrize("name", REGISTRY)
def test_every_network_takes_bytes_and_gives_seven_logits(name: str) -> None:
    network = build_network(name).eval()
    with torch.no_grad():
        logits = network(faces())
        assert logits.shape == (4, 7)
        assert logits.dtype == torch.float32
        assert torch.equal(logits, network(faces().float())), "augmented faces arrive as floats"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_has_its_published_size(name: str) -> None:
    assert parameters(build_network(name)) == PUBLISHED[name]


def test_one_channel_computes_what_three_equal_ones_did() -> None:
    from torchvision import models

    torch.manual_seed(0)
    original = models.resnet18(num_classes=7).eval()
    torch.manual_seed(0)
    grey = build_network("resnet18").eval()
    with torch.no_grad():
        expected = original(grey.normalise(faces()).expand(-1, 3, -1, -1))
        torch.testing.assert_close(grey(faces()), expected)


def test_vgg_computes_what_torchvision_would_on_49_copies_of_its_one_pixel() -> None:
    network = settled("vgg11-bn")
    repeating = copy.deepcopy(network)
    vgg = repeating.network
    narrow = vgg.classifier[0]
    vgg.avgpool = nn.AdaptiveAvgPool2d(7)
    vgg.classifier[0] = nn.Linear(512 * 49, 4096)
    with torch.no_grad():
        vgg.classifier[0].weight.copy_(narrow.weight.repeat_interleave(49, dim=1) / 49)
        vgg.classifier[0].bias.copy_(narrow.bias)
        torch.testing.assert_close(network(faces()), repeating(faces()), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", QUANTISED)
def test_a_quantised_twin_computes_with_integers(name: str, tmp_path: Path) -> None:
    """On the graph that is exported, and in the kernels that OpenVINO chooses for it."""
    network = settled(name)
    twin = quantised_twin(network)
    with torch.no_grad():
        twin(faces(16))
        twin.eval()
        expected, quantised = network(faces(16)), twin(faces(16))
    assert (expected - quantised).norm() < 0.25 * expected.norm()
    model = to_onnx(encode(twin, "cpu"))
    kinds = Counter(node.op_type for node in model.graph.node)
    assert set(kinds) <= INTEGER | KEEPS_THE_GRID
    written_by = {output: node for node in model.graph.node for output in node.output}
    for node in model.graph.node:
        if node.op_type in INTEGER:
            assert _on_the_grid(node.input[0], written_by), node.name
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    artifact = publish_manifest(path, describe(path, "cpu"))
    largest = np.abs(quantised.numpy()).max()
    for backend in ("onnxruntime", "openvino"):
        with get_backend(backend).load(artifact) as session:
            logits = session.infer(faces(16)[:, 0].numpy())
            layers = session.info().layers
        assert np.abs(logits - quantised.numpy()).max() < 0.05 * largest
        sums = [each for each in layers if re.search("Conv|FullyConnected|Gemm", each.kind)]
        assert len(sums) == kinds["Conv"] + kinds["Gemm"]
        assert {each.precision for each in sums} == {"int8"}, backend


def _on_the_grid(name: str, written_by: dict[str, Any]) -> bool:
    """Whether a tensor comes out of a DequantizeLinear, through what only chooses among values."""
    node = written_by[name]
    while node.op_type in ("MaxPool", "Reshape"):
        node = written_by[node.input[0]]
    return node.op_type == "DequantizeLinear"
