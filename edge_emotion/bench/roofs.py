"""Measure this machine's roofs: convolution peaks with OpenVINO, bandwidth by copying arrays."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_emotion.backends.base import InferencePrecision, LoadOptions
from edge_emotion.backends.installed import missing
from edge_emotion.backends.openvino_runtime import INSTALL, Request, Runtime
from edge_emotion.bench.frozen import NARROWED, RowPrecision
from edge_emotion.bench.roofline import Bandwidth, Peak, Roofline
from edge_emotion.bench.timing import Lane
from edge_emotion.errors import BackendUnavailable

SHAPES = ((128, 24), (192, 12), (192, 24), (256, 12))
"""Channels and side of the stacks: large enough for full kernels, small enough for the caches."""
DEPTH = 8
_TRIALS, _TRIAL_NS = 3, 25_000_000
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_TIMES_CACHE, _LEAST_BYTES = 4, 64 * 2**20
_COPIES = 15


@dataclass
class Stack:
    """Convolutions of one shape in one precision, ready to be timed."""

    precision: RowPrecision
    threads: int
    channels: int
    side: int
    arrays: tuple[npt.NDArray[np.float32], ...]
    """What it reads and writes: the runtime knows only their addresses."""
    lane: Lane

    @property
    def gmacs(self) -> float:
        """Multiply-accumulates ÷ the median of all timed calls, in billions a second."""
        macs = 9 * self.channels**2 * self.side**2 * DEPTH
        return macs / statistics.median(chain.from_iterable(self.lane.rounds_ns))


class Roofs:
    """The fastest stack of every precision and thread count, to be timed beside the rows.

    Constructing it takes a few seconds: it tries every shape and measures the bandwidth.

    Args:
        threads: thread counts to measure.
        progress: told what is done, in a line.

    Raises:
        BackendUnavailable: OpenVINO is not installed.
    """

    def __init__(self, threads: Sequence[int], progress: Callable[[str], None]) -> None:
        reason = missing("openvino", INSTALL)
        if reason is not None:
            raise BackendUnavailable(f"the roofline is measured with OpenVINO: {reason}")
        progress("measuring the roofs of this machine: convolution peaks and memory bandwidth")
        stacks = list(_stacks(threads))
        for _ in range(_TRIALS):
            for stack in stacks:
                stack.lane.rounds_ns = [stack.lane.run_for(_TRIAL_NS)]
        best: dict[tuple[RowPrecision, int], Stack] = {}
        for stack in sorted(stacks, key=lambda stack: stack.gmacs):
            best[stack.precision, stack.threads] = stack
        self._best = list(best.values())
        for stack in self._best:
            stack.lane.rounds_ns.clear()
        self._bandwidths = tuple(measure_bandwidth(count) for count in threads)

    @property
    def lanes(self) -> list[Lane]:
        """What is to be timed in the same rounds as the rows."""
        return [stack.lane for stack in self._best]

    def roofline(self) -> Roofline:
        """What was found, once the lanes were timed."""
        peaks = (
            Peak(
                precision=stack.precision,
                threads=stack.threads,
                gmacs=stack.gmacs,
                channels=stack.channels,
                side=stack.side,
            )
            for stack in self._best
        )
        return Roofline(
            peaks=tuple(sorted(peaks, key=lambda peak: (peak.threads, -peak.gmacs))),
            bandwidths=self._bandwidths,
        )


def measure_bandwidth(threads: int) -> Bandwidth:
    """Copy arrays far larger than the caches, a part in every thread; the best, as STREAM does."""
    each = max(_TIMES_CACHE * _last_level_cache(), _LEAST_BYTES) // threads
    parts = [(np.zeros(each, np.uint8), np.ones(each, np.uint8)) for _ in range(threads)]
    durations = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_COPIES):
            start = perf_counter_ns()
            list(pool.map(_copy, parts))
            durations.append(perf_counter_ns() - start)
    copied = each * threads
    return Bandwidth(threads=threads, gb_per_s=2 * copied / min(durations), array_bytes=copied)


def _copy(part: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]) -> None:
    np.copyto(*part)


def _last_level_cache() -> int:
    """Its bytes as Linux tells them; 0 where it does not."""
    sizes = [path.read_text().strip() for path in _CACHES.glob("index*/size")]
    return max((int(size[:-1]) * 1024 for size in sizes if size.endswith("K")), default=0)


def _stacks(threads: Sequence[int]) -> Iterator[Stack]:
    """A stack of every shape in every precision that this processor has instructions for."""
    runtime = Runtime()
    hints: dict[RowPrecision, InferencePrecision] = {"fp32": "f32", "int8": "f32"}
    hints |= {NARROWED[narrow]: narrow for narrow in runtime.narrow_precisions}
    random = np.random.default_rng(0)
    for (precision, hint), count, (channels, side) in product(hints.items(), threads, SHAPES):
        model = convolutions(channels, side, _QUANTISERS.get(precision, unchanged))
        request = runtime.request(runtime.compile(model, LoadOptions(count, hint)))
        shape = (1, channels, side, side)
        arrays = (random.random(shape, np.float32), np.empty(shape, np.float32))
        request.bind(arrays[0], arrays[1:])
        lane = Lane(_calling(request), [None])
        yield Stack(precision, count, channels, side, arrays, lane)


def _calling(request: Request) -> Callable[[None], None]:
    return lambda _: request.run()


Quantiser = Callable[[Any, float, float, int], Any]


def convolutions(channels: int, side: int, quantise: Quantiser) -> Any:
    """3x3 convolutions with ReLU that keep their shape; ``quantise`` is asked for every operand."""
    import openvino
    from openvino import opset13 as operators

    spread = np.sqrt(2 / (9 * channels))  # keeps the size of activations (He et al., 2015)
    random = np.random.default_rng(0)
    tensor = entry = operators.parameter([1, channels, side, side], np.float32)
    for _ in range(DEPTH):
        weights = random.normal(0, spread, (channels, channels, 3, 3)).astype(np.float32)
        kernel = quantise(operators.constant(weights), -4 * spread, 4 * spread, 255)
        tensor = quantise(tensor, 0, 4, 256)
        tensor = operators.convolution(tensor, kernel, [1, 1], [1, 1], [1, 1], [1, 1])
        tensor = operators.relu(tensor)
    return openvino.Model([operators.result(tensor)], [entry])


def unchanged(tensor: Any, low: float, high: float, levels: int) -> Any:  # noqa: ARG001
    """What is not to be quantised."""
    return tensor


def fake_quantised(tensor: Any, low: float, high: float, levels: int) -> Any:
    """OpenVINO's mark for what it shall compute in integers."""
    from openvino import opset13 as operators

    bounds = [operators.constant(np.float32(bound)) for bound in (low, high, low, high)]
    return operators.fake_quantize(tensor, *bounds, levels)


_QUANTISERS: dict[RowPrecision, Quantiser] = {"int8": fake_quantised}
