"""The drawn faces are balanced, always the same, all different, and can be told apart."""

from __future__ import annotations

import numpy as np

from edge_emotion.data import SYNTHETIC, FaceSet, Split, load_dataset


def test_balanced_splits_of_different_faces() -> None:
    seen: set[bytes] = set()
    for split, count in ((Split.TRAIN, 700), (Split.PUBLIC, 210), (Split.PRIVATE, 210)):
        faces = load_dataset(SYNTHETIC, split)
        assert np.bincount(faces.labels).tolist() == [count // 7] * 7
        seen |= {face.tobytes() for face in faces.images}
    assert len(seen) == 1120
    assert len(load_dataset(SYNTHETIC, Split.TEST)) == 420


def test_the_same_at_each_call(synthetic: FaceSet) -> None:
    again = load_dataset(SYNTHETIC, Split.TRAIN)
    np.testing.assert_array_equal(again.images, synthetic.images)
    assert again.source_sha256 == synthetic.source_sha256


def test_expressions_can_be_told_apart(synthetic: FaceSet) -> None:
    """A linear map of the pixels does far better than chance (1/7) on faces it has not seen."""
    held_out = load_dataset(SYNTHETIC, Split.TEST)

    def features(faces: FaceSet) -> np.ndarray:
        flat = faces.images.reshape(len(faces), -1).astype(np.float64)
        flat -= flat.mean(axis=1, keepdims=True)
        return flat / flat.std(axis=1, keepdims=True)

    inputs, targets = features(synthetic), np.eye(7)[synthetic.labels]
    kernel = inputs @ inputs.T + 2304 * np.eye(len(inputs))
    scores = features(held_out) @ inputs.T @ np.linalg.solve(kernel, targets - 1 / 7)
    assert (scores.argmax(axis=1) == held_out.labels).mean() > 0.5
