"""Networks of torchvision, untrained, for one channel and seven classes.

Sources: MobileNetV3 (Howard et al., 2019, arXiv:1905.02244), ShuffleNetV2 (Ma et al., 2018,
arXiv:1807.11164), EfficientNet (Tan and Le, 2019, arXiv:1905.11946), ResNet (He et al., 2016,
arXiv:1512.03385), VGG (Simonyan and Zisserman, 2015, arXiv:1409.1556), each as torchvision builds
it. Adapted: the first convolution takes one channel, and the family's normalisation comes before
it. Strides stay those for 224×224, so that the deepest maps of a face are 2×2, or 1×1 in VGG, whose
first linear layer is made to fit.
"""

from __future__ import annotations

from torch import Tensor, nn
from torchvision import models

from edge_emotion.emotions import LABELS
from edge_emotion.models.compact import Normalise


class Grey(nn.Module):
    """A network for three channels, made to take one.

    Args:
        network: its first convolution's weights are summed over the channels, which computes on
            grey what the network computed on three equal channels.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.network = network
        first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
        colour = first.weight.detach()
        first.in_channels = 1
        first.weight = nn.Parameter(colour.sum(dim=1, keepdim=True))

    def forward(self, faces: Tensor) -> Tensor:
        """(N, 1, 48, 48) faces, 0 to 255 → (N, 7) logits."""
        logits: Tensor = self.network(self.normalise(faces))
        return logits


def mobilenet_v3_small() -> Grey:
    """MobileNetV3-Small: 4.0 M MACs, 1.52 M parameters."""
    return Grey(models.mobilenet_v3_small(num_classes=len(LABELS)))


def shufflenet_v2() -> Grey:
    """ShuffleNetV2 ×1.0: 8.0 M MACs, 1.26 M parameters."""
    return Grey(models.shufflenet_v2_x1_0(num_classes=len(LABELS)))


def efficientnet_b0() -> Grey:
    """EfficientNet-B0: 22.4 M MACs, 4.02 M parameters."""
    return Grey(models.efficientnet_b0(num_classes=len(LABELS)))


def resnet18() -> Grey:
    """ResNet-18: 94.3 M MACs, 11.2 M parameters."""
    return Grey(models.resnet18(num_classes=len(LABELS)))


def vgg11_bn() -> Grey:
    """VGG-11 with batch-norm: 360 M MACs, 28.1 M parameters.

    Its convolutions leave one pixel of a face. torchvision would repeat that 49 times to fill the
    7×7 for which its first linear layer is made: 49 weights where their sum computes the same. Here
    that layer takes the pixel as it is.
    """
    network = models.vgg11_bn(num_classes=len(LABELS))
    network.avgpool = nn.AdaptiveAvgPool2d(1)
    network.classifier[0] = nn.Linear(512, 4096)
    nn.init.normal_(network.classifier[0].weight, 0, 0.01)
    nn.init.zeros_(network.classifier[0].bias)
    return Grey(network)
