"""A model's bytes, and what OpenVINO compiles of them, kept between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from edge_emotion.backends.base import LoadOptions
from edge_emotion.backends.compiled_cache import CompiledCache
from edge_emotion.backends.openvino_runtime import Runtime, configuration, export

ANY = -1
"""A dimension that may differ from call to call."""


class OpenVINOModel:
    """Compiles one model for one input shape after another.

    Keeping the exported model is 2 to 4 times as quick to load as OpenVINO's own ``CACHE_DIR``,
    which needs the ONNX file to be read first. Each entry serves one content, shape, set of
    options, build of OpenVINO and kind of processor.

    Args:
        runtime: OpenVINO.
        graph: the content of an ONNX file, or of an IR's ``.xml``.
        weights: the content of an IR's ``.bin``.
    """

    def __init__(self, runtime: Runtime, graph: bytes, weights: bytes = b"") -> None:
        self.runtime = runtime
        self._graph = graph
        self._weights = weights
        self._digests = [hashlib.sha256(part).hexdigest() for part in (graph, weights)]
        self._cache = CompiledCache("openvino")

    def compile(self, shape: Sequence[int], options: LoadOptions) -> Any:
        """An ``openvino.CompiledModel`` for inputs of ``shape``, from the cache where it is there.

        Raises:
            RuntimeError: OpenVINO refused the model or the shape.
        """
        settings = sorted(configuration(options).items())
        key = repr((self.runtime.identity, self._digests, tuple(shape), settings))
        kept = self._cache.read(key)
        if kept is not None:
            with suppress(RuntimeError):
                return self.runtime.restore(kept, options)
        model = self.runtime.read(self._graph, self._weights)
        model.reshape(list(shape))
        compiled = self.runtime.compile(model, options)
        self._cache.keep(key, export(compiled))
        return compiled
