"""Bare graphs on the real runtimes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.backends.graph import GRAPHS, load_graph
from edge_emotion.errors import ArtifactError, BackendError, UsageError
from tests.backends.classifiers import asset, random_faces

FACE = (1, 1, 48, 48)


@pytest.fixture(params=sorted(GRAPHS))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if reason := get_backend(name).unavailable_reason():
        pytest.skip(reason)
    return name


def test_a_detector_gives_its_outputs_by_name(backend: str, yunet: Path) -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 192, 320)).astype(np.float32)
    with load_graph(yunet, picture.shape, LoadOptions(threads=1), backend) as graph:
        outputs = graph.run(picture)
        cells = {8: 24 * 40, 16: 12 * 20, 32: 6 * 10}
        for stride, count in cells.items():
            for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
                assert outputs[f"{name}_{stride}"].shape == (1, count, width)
        assert {array.dtype for array in outputs.values()} == {np.dtype(np.float32)}
        assert len(outputs) == 12
        assert [layer.precision for layer in graph.layers() if layer.computes].count("f32") > 20


def test_the_runtimes_agree_on_a_detector(yunet: Path) -> None:
    for name in GRAPHS:
        if reason := get_backend(name).unavailable_reason():
            pytest.skip(reason)
    picture = np.random.default_rng(0).uniform(0, 255, (1, 3, 192, 320)).astype(np.float32)
    results = []
    for name in GRAPHS:
        with load_graph(yunet.read_bytes(), picture.shape, backend=name) as graph:
            results.append({key: value.copy() for key, value in graph.run(picture).items()})
    for key, value in results[0].items():
        np.testing.assert_allclose(value, results[1][key], atol=2e-3)


def test_bytes_of_a_picture_go_in_as_they_are(backend: str) -> None:
    """A uint8 graph, run twice with different faces, against the classifier's own session."""
    first, second = random_faces(2)[:, None, None]
    with load_graph(asset("cpu"), FACE, backend=backend) as graph:
        one = graph.run(first)["logits"].copy()
        other = graph.run(second)["logits"].copy()
        again = graph.run(np.asfortranarray(first))["logits"].copy()
    assert not np.allclose(one, other)
    np.testing.assert_array_equal(one, again)


def test_the_first_installed_runtime_is_the_default(yunet: Path) -> None:
    with load_graph(yunet, (1, 3, 64, 64)) as graph:
        assert graph.run(np.zeros((1, 3, 64, 64), np.float32))["cls_8"].shape == (1, 64, 1)


@pytest.mark.parametrize(
    "picture", [np.zeros((1, 1, 48, 47), np.uint8), np.zeros(FACE, np.float32)]
)
def test_another_shape_or_type_is_refused(backend: str, picture: np.ndarray) -> None:
    with (
        load_graph(asset("cpu"), FACE, backend=backend) as graph,
        pytest.raises(BackendError, match=r"faces must be uint8 of shape \(1, 1, 48, 48\)"),
    ):
        graph.run(picture)


def test_a_shape_that_the_graph_forbids_is_refused_at_load(backend: str) -> None:
    with pytest.raises(BackendError, match=r"\(1, 2, 48, 48\)") as refusal:
        load_graph(asset("cpu"), (1, 2, 48, 48), backend=backend)
    assert "\n" not in str(refusal.value)


def test_a_closed_graph_says_so(backend: str) -> None:
    graph = load_graph(asset("cpu"), FACE, backend=backend)
    graph.close()
    graph.close()
    with pytest.raises(BackendError, match="closed"):
        graph.run(np.zeros(FACE, np.uint8))


def test_damaged_bytes_are_refused_before_a_runtime_sees_them(backend: str) -> None:
    with pytest.raises(ArtifactError, match="not a whole ONNX file"):
        load_graph(asset("cpu").read_bytes()[:-100], FACE, backend=backend)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        load_graph(tmp_path / "none.onnx", FACE)


def test_a_backend_that_takes_no_bare_graph() -> None:
    with pytest.raises(UsageError, match="choose one of: openvino, onnxruntime"):
        load_graph(asset("cpu"), FACE, backend="torch")
