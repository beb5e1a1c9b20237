"""How execution contexts are made: where TensorRT and TensorRT-RTX differ at run time.

TensorRT has compiled kernels in the engine. TensorRT-RTX compiles them on this machine, first a
general set and then one for each shape; it keeps them in its runtime cache, and captures CUDA
graphs by itself because only it knows when the kernels for a shape are ready
(https://docs.nvidia.com/deeplearning/tensorrt-rtx/latest/inference-library/, "Working with Runtime
Cache" and "Working with RTX CUDA Graphs").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from edge_emotion.backends.engine_cache import EngineCache
from edge_emotion.backends.tensorrt_batch import Batch, Buffers, GraphBatch, StreamBatch


class Contexts(ABC):
    """Makes what runs one batch size; every context leaves its scratch memory to the caller.

    Args:
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
        engine: an ``ICudaEngine``.
        capability: compute capability of the GPU here, as "8.7".
    """

    def __init__(self, runtime: Any, engine: Any, capability: str) -> None:
        self._runtime = runtime
        self._engine = engine
        self._capability = capability

    @abstractmethod
    def batch(self, profile: int, size: int, buffers: Buffers) -> Batch:
        """An engine ready for ``size`` faces."""

    def close(self) -> None:  # noqa: B027 - TensorRT learns nothing while it runs
        """Keep what was learned."""


class CompiledContexts(Contexts):
    """Contexts of TensorRT, each captured into a CUDA graph of ours."""

    batch_type: type[StreamBatch] = GraphBatch

    def batch(self, profile: int, size: int, buffers: Buffers) -> Batch:
        """An engine ready for ``size`` faces."""
        strategy = self._runtime.ExecutionContextAllocationStrategy.USER_MANAGED
        context = self._engine.create_execution_context(strategy)
        return self.batch_type(_quiet(context, self._runtime), profile, size, buffers)


class JitContexts(Contexts):
    """Contexts of TensorRT-RTX, with its own CUDA graphs and a cache of compiled kernels.

    Kernels for a shape are compiled before its first result: a session runs six shapes and runs
    them often, and figures measured on general kernels would be those of another program.
    """

    def __init__(self, runtime: Any, engine: Any, capability: str) -> None:
        super().__init__(runtime, engine, capability)
        self._kept = EngineCache("kernels", runtime, capability)
        self._cache = engine.create_runtime_config().create_runtime_cache()
        content = self._kept.read()
        if content:
            self._cache.deserialize(content)  # refuses, and stays empty, after an update

    def batch(self, profile: int, size: int, buffers: Buffers) -> Batch:
        """An engine ready for ``size`` faces."""
        runtime = self._runtime
        config = self._engine.create_runtime_config()
        config.set_runtime_cache(self._cache)
        config.set_execution_context_allocation_strategy(
            runtime.ExecutionContextAllocationStrategy.USER_MANAGED
        )
        config.dynamic_shapes_kernel_specialization_strategy = (
            runtime.DynamicShapesKernelSpecializationStrategy.EAGER
        )
        config.cuda_graph_strategy = runtime.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        context = self._engine.create_execution_context(config)
        return StreamBatch(_quiet(context, runtime), profile, size, buffers)

    def close(self) -> None:
        """Keep the compiled kernels for the next session."""
        self._kept.keep(bytes(self._cache.serialize()))


def _quiet(context: Any, runtime: Any) -> Any:
    """Engines name their layers for the audit; naming them to a profiler on each run takes time."""
    context.nvtx_verbosity = runtime.ProfilingVerbosity.NONE
    return context
