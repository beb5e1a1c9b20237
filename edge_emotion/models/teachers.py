"""Networks that the compact family learns from; none of them ships."""

from __future__ import annotations

from edge_emotion.models.compact import CompactResNet, PooledCNN, Shape, plain


def teacher_a() -> CompactResNet:
    """A teacher with a wide last stage, at 3×3; 35.0 M MACs, 0.77 M parameters."""
    return CompactResNet(
        Shape(
            stem=32,
            kernel=5,
            strides=(2, 1, 2, 2, 2),
            widths=(32, 64, 128, 256),
            depths=(0, 1, 1, 0),
        )
    )


def teacher_b() -> CompactResNet:
    """A teacher with its last stage at 6×6; 38.9 M MACs, 0.66 M parameters."""
    return CompactResNet(
        Shape(
            stem=32,
            kernel=5,
            strides=(2, 1, 2, 2, 1),
            widths=(32, 64, 128, 160),
            depths=(0, 1, 1, 0),
        )
    )


def teacher_c() -> PooledCNN:
    """A wide teacher: 239.2 M MACs, 3.55 M parameters."""
    return plain((64,), (128,), (256, 256), (320, 320), (320,))


def teacher_d() -> PooledCNN:
    """A wide teacher with more layers where faces are large: 186.8 M MACs, 2.25 M parameters."""
    return plain((48,), (96, 96), (192, 192), (256, 256), (256,))
