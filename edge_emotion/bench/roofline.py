"""The roofline model: what this machine could do at most, and how near to that a row comes.

Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model", CACM 2009: a
computation of I operations for each byte it moves cannot run faster than min(peak, I x bandwidth).
Operations are multiply-accumulates here, and the peak is that of convolutions as OpenVINO runs
them on this machine, so it can be reached by a network.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge_emotion.bench.frozen import Frozen, Positive, RowPrecision
from edge_emotion.emotions import FACE_SIZE, LABELS

ON_CPU = ("openvino", "onnxruntime", "torch")
"""Backends that the processor's own roofs hold for."""

BYTES_OF_WEIGHT: dict[RowPrecision, int] = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}
_BYTES_OF_FACE = FACE_SIZE * FACE_SIZE + 4 * len(LABELS)


class Peak(Frozen):
    """The fastest that a stack of 3x3 convolutions ran."""

    precision: RowPrecision
    threads: int = Field(gt=0)
    gmacs: Positive
    """Billions of multiply-accumulates a second: its work ÷ the median of its calls."""
    channels: int
    side: int
    """Height and width of its feature maps."""


class Bandwidth(Frozen):
    """How fast memory is copied, beyond the caches."""

    threads: int = Field(gt=0)
    gb_per_s: Positive
    """Billions of bytes a second, those read and those written together."""
    array_bytes: int
    """Size of what was copied at once by all threads."""


class Roofline(Frozen):
    """The roofs of this machine, timed in turns with the rows of the report."""

    peaks: tuple[Peak, ...]
    bandwidths: tuple[Bandwidth, ...]

    def peak(self, precision: RowPrecision, threads: int) -> Peak | None:
        """The roof of a precision, where it was measured."""
        found = (p for p in self.peaks if (p.precision, p.threads) == (precision, threads))
        return next(found, None)

    def bandwidth(self, threads: int) -> Bandwidth | None:
        """The slope, where it was measured."""
        return next((b for b in self.bandwidths if b.threads == threads), None)


class Position(Frozen):
    """Where a row stands under the roofs."""

    ideal_ms: Positive
    """Its multiply-accumulates ÷ the peak of its precision."""
    time_over_ideal: Positive
    """Its median ÷ ``ideal_ms``: 1 is a row as fast as the bare convolutions."""
    gmacs: Positive
    """Billions of multiply-accumulates a second it reaches."""
    macs_per_byte: Positive
    """Arithmetic intensity. Bytes are what must cross the memory bus in a call when nothing of
    the call before is cached: the weights once, the faces in, the logits out. Feature maps of
    48 pixels stay in the caches and are not counted."""
    bound: Literal["compute", "memory"]
    """Which roof is the lower one at this intensity."""


def locate(
    roofline: Roofline,
    key: tuple[str, RowPrecision, str, int, int],
    cost: tuple[int, int],
    p50_ms: float,
) -> Position | None:
    """Place a row; ``None`` where no roof of its precision and threads was measured.

    Args:
        roofline: the machine's.
        key: model, precision, backend, threads, batch.
        cost: multiply-accumulates for one face, and parameters.
        p50_ms: its median.
    """
    _, precision, backend, threads, batch = key
    macs, parameters = cost[0] * batch, cost[1]
    peak, bandwidth = roofline.peak(precision, threads), roofline.bandwidth(threads)
    if backend not in ON_CPU or macs == 0 or peak is None or bandwidth is None:
        return None
    ideal_ms = macs / peak.gmacs / 1e6
    moved = parameters * BYTES_OF_WEIGHT[precision] + batch * _BYTES_OF_FACE
    intensity = macs / moved
    return Position(
        ideal_ms=ideal_ms,
        time_over_ideal=p50_ms / ideal_ms,
        gmacs=macs / p50_ms / 1e6,
        macs_per_byte=intensity,
        bound="compute" if intensity * bandwidth.gb_per_s >= peak.gmacs else "memory",
    )
