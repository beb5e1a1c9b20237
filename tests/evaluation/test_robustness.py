from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.backends import get_backend
from edge_emotion.data import FaceSet
from edge_emotion.errors import DataError
from edge_emotion.evaluation.corruptions import CORRUPTIONS, SEVERITIES
from edge_emotion.evaluation.robustness import measure_robustness
from tests.backends.classifiers import place

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def test_every_figure_is_the_model_s_on_the_spoilt_faces(
    tmp_path: Path, synthetic: FaceSet
) -> None:
    images, labels = synthetic.images[::7], synthetic.labels[::7]
    told: list[str] = []
    with get_backend("onnxruntime").load(place(tmp_path, "cpu")) as session:
        found = measure_robustness(session, images, labels, 32, told.append)
        for corruption in CORRUPTIONS:
            for severity in SEVERITIES:
                answers = session.infer(corruption.apply(images, severity)).argmax(axis=1)
                expected = float(np.mean(answers == labels))
                assert found.corruptions[corruption.name][severity - 1] == expected
        assert found.clean == np.mean(session.infer(images).argmax(axis=1) == labels)
    assert found.mean == pytest.approx(np.mean(list(found.corruptions.values()), axis=0).tolist())
    assert found.drop_middle == pytest.approx(found.clean - found.mean[1])
    assert [line.partition(":")[0] for line in told] == list(found.corruptions)


def test_no_images_is_an_error(tmp_path: Path, synthetic: FaceSet) -> None:
    with (
        get_backend("onnxruntime").load(place(tmp_path, "cpu")) as session,
        pytest.raises(DataError, match="no images"),
    ):
        measure_robustness(session, synthetic.images[:0], synthetic.labels[:0], 8, print)
