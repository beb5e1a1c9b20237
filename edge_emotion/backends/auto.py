"""Which backend runs a model when the user names none."""

from __future__ import annotations

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY, get_backend
from edge_emotion.backends.base import Backend
from edge_emotion.errors import BackendUnavailable


def choose_backend(artifact: Artifact) -> Backend:
    """The first backend, in the registry's order, that takes the model's format and runs here.

    Raises:
        BackendUnavailable: there is none.
    """
    reasons: list[str] = []
    for name in REGISTRY:
        backend = get_backend(name)
        if artifact.manifest.format not in backend.formats:
            continue
        reason = backend.unavailable_reason()
        if reason is None:
            return backend
        reasons.append(f"{name}: {reason}")
    raise BackendUnavailable(
        f"no backend on this machine runs {artifact.path.name} "
        f"(format {artifact.manifest.format}): {'; '.join(reasons) or 'none takes that format'}"
    )
