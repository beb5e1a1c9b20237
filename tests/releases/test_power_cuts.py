"""Kill what changes the store at any moment: the model in use is always a whole one."""

from __future__ import annotations

import multiprocessing
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.errors import ArtifactError
from edge_emotion.releases.pack import pack
from edge_emotion.releases.pull import pull_release
from edge_emotion.releases.use import use_release
from edge_emotion.store import Store
from tests.backends.classifiers import place

pytest.importorskip("onnxruntime")

CUTS = 100
NAME = "classifier"
PRELOADED = ["edge_emotion.releases.pull", "edge_emotion.releases.use", "onnxruntime", __name__]


def change(root: str, releases: list[str], started: object) -> None:
    """Pull and use versions in turns, for ever; a version that comes again is removed first."""
    store = Store(Path(root))
    started.set()  # type: ignore[attr-defined]
    while True:
        for number, release in enumerate(releases):
            active = store.active(NAME)
            version = f"1.{number}"
            if active is None or active.version != version:
                with store.locked(), suppress(ArtifactError):
                    store.remove(NAME, version)
                pull_release(release, store)
                use_release(NAME, version, store)


@pytest.mark.slow
def test_the_model_in_use_survives_a_hundred_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))
    store = Store.here()
    artifact = place(tmp_path, "cpu")
    releases = []
    for number in range(2):
        releases.append(str(tmp_path / f"release-{number}"))
        pack([artifact], f"1.{number}", Path(releases[-1]))
    pull_release(releases[0], store)
    use_release(NAME, "1.0", store)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    chance = random.Random(0)  # noqa: S311 - not for secrets
    seen = set()
    for _ in range(CUTS):
        started = context.Event()
        process = context.Process(target=change, args=(str(store.root), releases, started))
        process.start()
        assert started.wait(60)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.join()
        found = resolve_model(NAME)  # verifies every hash
        seen.add(found.path.parent.name)
        for versions in store.releases().values():
            for version in versions:
                for path in store.folder(NAME, version).glob("*.onnx"):
                    Artifact.load(path)
    assert seen == {"1.0", "1.1"}, "it was cut before and after changes"
    for release in releases:
        pull_release(release, store)
    left = sorted(path.name for path in (store.root / NAME).iterdir())
    assert left == ["1.0", "1.1", "active.json"]
