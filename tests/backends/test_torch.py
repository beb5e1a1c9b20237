from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact, Manifest, publish_manifest
from edge_emotion.backends import LoadOptions, get_backend
from edge_emotion.errors import ArtifactError
from edge_emotion.jsonio import sha256_of
from tests.backends.classifiers import random_faces

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    """An untrained checkpoint, which is enough to run."""
    from edge_emotion.models import build_network
    from edge_emotion.models.checkpoint import Checkpoint
    from edge_emotion.models.quantization import quantised_twin

    torch.manual_seed(0)
    network = build_network("small").eval()
    twin = quantised_twin(network).eval()
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = Checkpoint("small", {}, {}, network.state_dict(), twin.state_dict())
    checkpoint.save(path)
    manifest = Manifest(
        name="small",
        network="small",
        format="safetensors",
        precision="int8",
        sha256=sha256_of(path),
        macs=1,
        parameters=1,
    )
    return publish_manifest(path, manifest)


def test_a_checkpoint_runs_like_any_model(artifact: Artifact) -> None:
    faces = random_faces(4)
    with get_backend("torch").load(artifact, LoadOptions(threads=1)) as session:
        logits = session.infer(faces)
        single = session.infer(faces[2:3])
        info = session.info()
    assert logits.shape == (4, 7)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(single, logits[2:3], atol=1e-4)
    assert info.threads == 1
    assert info.precision["f32"] > 5


def test_a_truncated_checkpoint_is_refused(artifact: Artifact) -> None:
    artifact.path.write_bytes(artifact.path.read_bytes()[:5000])
    with pytest.raises(ArtifactError, match=r"checkpoint\.safetensors"):
        get_backend("torch").load(artifact)
