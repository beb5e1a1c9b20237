"""Compiled models that are kept between runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.backends.compiled_cache import MAX_ENTRIES, CompiledCache
from edge_emotion.backends.graph import load_graph
from edge_emotion.backends.openvino_runtime import Runtime
from tests.backends.classifiers import asset, random_faces


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(folder))
    return folder


def test_what_is_kept_is_read() -> None:
    cache = CompiledCache("runtime")
    assert cache.read("a") is None
    cache.keep("a", b"one")
    cache.keep("b", b"two")
    cache.keep("a", b"three")
    assert (cache.read("a"), cache.read("b")) == (b"three", b"two")
    assert CompiledCache("another").read("a") is None


def test_only_its_owner_may_look_in() -> None:
    cache = CompiledCache("runtime")
    cache.keep("a", b"one")
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    cache.folder.chmod(0o777)
    assert cache.read("a") is None, "anybody could have written it"


@pytest.mark.parametrize("kept", [0, 10, 33, -1])
def test_a_truncated_entry_is_absent(kept: int) -> None:
    cache = CompiledCache("runtime")
    cache.keep("a", b"content of some length")
    (path,) = cache.folder.iterdir()
    path.write_bytes(path.read_bytes()[:kept])
    assert cache.read("a") is None


def test_what_was_not_used_for_longest_makes_room() -> None:
    cache = CompiledCache("runtime")
    for number in range(MAX_ENTRIES):
        cache.keep(str(number), b"x")
    ages = {path: age for age, path in enumerate(cache.folder.iterdir())}
    assert len(ages) == MAX_ENTRIES
    cache.keep("one more", b"x")
    assert cache.read("one more") == b"x"
    assert len(list(cache.folder.iterdir())) == MAX_ENTRIES


class TestOpenVINO:
    """With the runtime that uses it."""

    @pytest.fixture(autouse=True)
    def needs_openvino(self) -> None:
        if reason := get_backend("openvino").unavailable_reason():
            pytest.skip(reason)

    @pytest.fixture
    def compilations(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """One entry for each model that is really compiled."""
        made: list[str] = []
        compile_model = Runtime.compile

        def counted(runtime: Runtime, model: object, options: LoadOptions) -> object:
            made.append(str(model))
            return compile_model(runtime, model, options)

        monkeypatch.setattr(Runtime, "compile", counted)
        return made

    def test_a_second_start_compiles_nothing(self, int8: Artifact, compilations: list[str]) -> None:
        faces = random_faces(5)
        answers, layers = [], []
        for _ in range(2):
            with get_backend("openvino").load(int8, LoadOptions(threads=1)) as session:
                answers.append([session.infer(faces), session.infer(faces[:1])])
                layers.append(session.info().layers)
                assert session.info().threads == 1
        assert len(compilations) == 2, "one for a single face, one for more"
        assert layers[0] == layers[1]
        for first, second in zip(*answers, strict=True):
            np.testing.assert_array_equal(first, second)

    def test_other_options_or_another_model_are_compiled(
        self, int8: Artifact, fp32: Artifact, compilations: list[str]
    ) -> None:
        openvino = get_backend("openvino")
        for artifact, options in (
            (int8, LoadOptions(threads=1)),
            (int8, LoadOptions(threads=2)),
            (int8, LoadOptions(threads=1, mode="throughput")),
            (int8, LoadOptions(threads=1, inference_precision="bf16")),
            (fp32, LoadOptions(threads=1)),
        ):
            compilations.clear()
            openvino.load(artifact, options).close()
            assert len(compilations) == 1

    def test_another_version_is_compiled(
        self, int8: Artifact, compilations: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        openvino = get_backend("openvino")
        openvino.load(int8).close()
        monkeypatch.setattr(Runtime, "identity", "another build")
        openvino.load(int8).close()
        assert len(compilations) == 2

    @pytest.mark.parametrize("damage", ["flipped", "empty", "not a model"])
    def test_a_damaged_entry_is_compiled_again_and_replaced(
        self, int8: Artifact, own_cache: Path, compilations: list[str], damage: str
    ) -> None:
        openvino = get_backend("openvino")
        with openvino.load(int8) as session:
            expected = session.infer(random_faces(1))
        (path,) = (own_cache / "openvino").iterdir()
        whole = path.read_bytes()
        if damage == "flipped":
            path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        elif damage == "empty":
            path.write_bytes(b"")
        else:  # whole, as its digest says, and nothing that OpenVINO can read
            import hashlib

            path.write_bytes(hashlib.sha256(b"no model").digest() + b"no model")
        for _ in range(2):
            with openvino.load(int8) as session:
                np.testing.assert_array_equal(session.infer(random_faces(1)), expected)
        assert len(compilations) == 2, "once at first, once for the damaged entry"

    def test_a_cache_that_cannot_be_written_breaks_nothing(
        self, int8: Artifact, own_cache: Path
    ) -> None:
        own_cache.write_text("a file where the folder should be")
        with get_backend("openvino").load(int8) as session:
            assert session.infer(random_faces(2)).shape == (2, 7)

    def test_a_bare_graph_is_kept_too(self, compilations: list[str]) -> None:
        face = random_faces(1)[:, None]
        answers = []
        for _ in range(2):
            with load_graph(asset("cpu"), face.shape, backend="openvino") as graph:
                answers.append(graph.run(face)["logits"].copy())
        assert len(compilations) == 1
        np.testing.assert_array_equal(*answers)
