"""What to measure: every model on every backend at every thread count and batch size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY, get_backend
from edge_emotion.backends.base import InferencePrecision
from edge_emotion.bench.frozen import NARROWED, RowKey, RowPrecision
from edge_emotion.errors import UsageError


@dataclass(frozen=True)
class Variant:
    """One row to be measured."""

    label: str
    """Name of the model in the report, unique together with its precision."""
    artifact: Artifact
    backend: str
    threads: int
    batch: int
    inference_precision: InferencePrecision = "f32"
    """What its float layers compute in."""

    @property
    def precision(self) -> RowPrecision:
        """The file's own, or the narrower one that a float file is run in."""
        own = self.artifact.manifest.precision
        return NARROWED.get(self.inference_precision, own) if own == "fp32" else own

    @property
    def key(self) -> RowKey:
        """Which row of the report this becomes."""
        return (self.label, self.precision, self.backend, self.threads, self.batch)

    def __str__(self) -> str:
        model, precision, backend, threads, batch = self.key
        return f"{model} {precision} on {backend}, {threads} thr, batch {batch}"


def choose_backends(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of backends; ``all`` is every known one.

    Raises:
        UsageError: a name is not known, or none is given.
    """
    if names == "all":
        return tuple(REGISTRY)
    chosen = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not chosen:
        raise UsageError("no backend given", f"choose 'all' or some of: {', '.join(REGISTRY)}")
    for name in chosen:
        get_backend(name)
    return chosen


def plan(
    artifacts: Sequence[Artifact],
    backends: Sequence[str],
    threads: Sequence[int],
    batches: Sequence[int],
) -> list[Variant]:
    """All combinations, models outermost.

    A backend loads the activation encoding it runs fastest, whichever file of a model is named;
    so files that differ in nothing else count once. A backend that can run a float file in a
    narrower precision on this machine does so in rows of their own.
    """
    variants = [
        Variant(label, artifact, backend, thread_count, batch, inference_precision)
        for (label, artifact), backend in product(_labelled(artifacts), backends)
        for inference_precision in get_backend(backend).inference_precisions(artifact)
        for thread_count, batch in product(threads, batches)
    ]
    return list({variant.key: variant for variant in reversed(variants)}.values())[::-1]


def _labelled(artifacts: Sequence[Artifact]) -> Iterator[tuple[str, Artifact]]:
    distinct = {
        (
            artifact.path.parent.resolve(),
            artifact.manifest.name,
            artifact.manifest.precision,
            artifact.manifest.format,
            artifact.manifest.source_sha256,
        ): artifact
        for artifact in reversed(artifacts)
    }
    chosen = list(reversed(distinct.values()))
    names = Counter((a.manifest.name, a.manifest.precision) for a in chosen)
    for artifact in chosen:
        manifest = artifact.manifest
        unique = names[manifest.name, manifest.precision] == 1
        yield (manifest.name if unique else str(artifact.path)), artifact
