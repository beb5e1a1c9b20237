from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact
from edge_emotion.backends import REGISTRY
from edge_emotion.bench.plan import choose_backends, plan
from edge_emotion.errors import UsageError
from tests.backends.classifiers import place


def test_all_is_every_backend_known() -> None:
    assert choose_backends("all") == tuple(REGISTRY)


def test_names_keep_their_order_and_count_once() -> None:
    assert choose_backends("onnxruntime, openvino,onnxruntime") == ("onnxruntime", "openvino")


@pytest.mark.parametrize("names", ["", ",", "openvino,abacus"])
def test_wrong_backend_names_are_wrong_usage(names: str) -> None:
    with pytest.raises(UsageError, match="openvino"):
        choose_backends(names)


def test_the_encodings_of_one_model_are_one_model(models: list[Artifact]) -> None:
    variants = plan(models, ("onnxruntime",), (1,), (1,))
    assert [variant.label for variant in variants] == ["classifier", "classifier-fp32"]


def test_a_float_model_is_also_run_in_the_narrower_types_that_the_processor_has(
    models: list[Artifact],
) -> None:
    openvino = pytest.importorskip("openvino")
    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    narrow = [name for name, word in (("bf16", "BF16"), ("fp16", "FP16")) if word in able]
    variants = plan(models, ("openvino",), (1,), (1, 8))
    found = [(one.label, one.precision, one.batch) for one in variants]
    assert found == [
        *(("classifier", "int8", batch) for batch in (1, 8)),
        *(("classifier-fp32", precision, n) for precision in ("fp32", *narrow) for n in (1, 8)),
    ]
    assert len({one.key for one in variants}) == len(variants)


def test_the_same_name_in_two_folders_is_told_apart_by_path(tmp_path: Path) -> None:
    folders = (tmp_path / "old", tmp_path / "new")
    for folder in folders:
        folder.mkdir()
    variants = plan([place(folder, "cpu") for folder in folders], ("openvino",), (1,), (1,))
    assert [Path(variant.label).parent for variant in variants] == list(folders)
    assert len({variant.key for variant in variants}) == 2


def test_the_first_of_equal_files_is_the_one_named(models: list[Artifact]) -> None:
    (variant,) = plan([models[1], models[0]], ("openvino",), (2,), (4,))
    assert variant.artifact is models[1]
    assert variant.key == ("classifier", "int8", "openvino", 2, 4)
