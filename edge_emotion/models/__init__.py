"""Network definitions and their quantised twins (needs the ``train`` extra: torch)."""

from __future__ import annotations

from importlib import import_module

from torch import nn

from edge_emotion.errors import UsageError

REGISTRY: dict[str, str] = {
    "tiny": "edge_emotion.models.compact:tiny",
    "small": "edge_emotion.models.compact:small",
    "base": "edge_emotion.models.compact:base",
    "teacher-a": "edge_emotion.models.teachers:teacher_a",
    "teacher-b": "edge_emotion.models.teachers:teacher_b",
    "teacher-c": "edge_emotion.models.teachers:teacher_c",
    "teacher-d": "edge_emotion.models.teachers:teacher_d",
    "keras-cnn": "edge_emotion.models.baselines.keras_cnn:KerasCNN",
    "alexnet": "edge_emotion.models.baselines.alexnet:AlexNet",
    "mini-xception": "edge_emotion.models.baselines.mini_xception:MiniXception",
    "mobilenet-v3-small": "edge_emotion.models.baselines.torchvision:mobilenet_v3_small",
    "shufflenet-v2": "edge_emotion.models.baselines.torchvision:shufflenet_v2",
    "efficientnet-b0": "edge_emotion.models.baselines.torchvision:efficientnet_b0",
    "resnet18": "edge_emotion.models.baselines.torchvision:resnet18",
    "vgg11-bn": "edge_emotion.models.baselines.torchvision:vgg11_bn",
}
"""Network name → the function that builds it, untrained."""


def build_network(name: str) -> nn.Module:
    """An untrained network: faces (N, 1, 48, 48), 0 to 255 → float logits (N, 7).

    Raises:
        UsageError: no such name.
    """
    if name not in REGISTRY:
        raise UsageError(f"unknown network {name!r}", f"choose one of: {', '.join(REGISTRY)}")
    module, _, attribute = REGISTRY[name].partition(":")
    network: nn.Module = getattr(import_module(module), attribute)()
    return network
