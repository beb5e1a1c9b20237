"""Take a version of a model into use, or leave everything as it is."""

from __future__ import annotations

from edge_emotion.errors import ArtifactError
from edge_emotion.releases.golden import try_out
from edge_emotion.releases.release import models_in
from edge_emotion.store import Store


def use_release(name: str, version: str, store: Store) -> list[str]:
    """Verify and try every file of a release, then make it the one in use.

    The version before stays in use until then, so that nothing has to be undone when a file is
    damaged, a golden answer is another, or the power goes.

    Returns:
        The backends that it was tried on.

    Raises:
        ArtifactError: it is not in the store, does not verify, gives other answers than its golden
            ones, or cannot be tried on this machine.
        OutputError: the store cannot be written.
    """
    folder = store.folder(name, version)
    if not folder.is_dir():
        raise ArtifactError(
            f"{name}@{version} is not in this device's store", "pull it: edge-emotion models pull"
        )
    with store.locked():
        tried = {backend for model in models_in(folder, name) for backend in try_out(model)}
        if not tried:
            raise ArtifactError(
                f"no backend of this machine runs {name}@{version}", "see 'edge-emotion doctor'"
            )
        store.activate(name, version)
    return sorted(tried)
