"""When an engine may be loaded; deciding it takes no GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_emotion.artifact import Artifact, shipped_models
from edge_emotion.backends.engine import read_engine, require_same_platform
from edge_emotion.errors import ArtifactError


@pytest.fixture
def engine(int8: Artifact) -> Artifact:
    """An artefact whose manifest describes an engine for an Orin; its content does not matter."""
    built = {
        "format": "tensorrt",
        "encoding": "tensorrt",
        "tools": {"tensorrt": "10.3.0"},
        "compute_capability": ("8.7",),
    }
    int8.path.parent.chmod(0o755)
    return Artifact(int8.path, int8.manifest.model_copy(update=built))


def test_the_same_platform_is_accepted(engine: Artifact) -> None:
    require_same_platform(engine, "tensorrt", "10.3.0", "8.7")


@pytest.mark.parametrize(
    ("module", "version", "capability", "cause"),
    [
        ("tensorrt", "10.3.0", "8.9", "its compute capabilities are 8.7, this machine's GPU has"),
        ("tensorrt", "10.16.0", "8.7", "it is for tensorrt 10.3.0, this machine runs 10.16.0"),
        ("tensorrt_rtx", "10.3.0", "8.7", "it is for tensorrt, this machine runs tensorrt_rtx"),
    ],
)
def test_another_platform_is_refused_with_the_command_that_rebuilds(
    engine: Artifact, module: str, version: str, capability: str, cause: str
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        require_same_platform(engine, module, version, capability)
    command = (
        "edge-emotion compile classifier.tensorrt.onnx --target tensorrt "
        f"--compute-capability {capability} --out {engine.path.parent}"
    )
    assert cause in str(refusal.value)
    assert command in str(refusal.value)
    assert "\n" not in str(refusal.value)


def compatible(engine: Artifact, **traits: object) -> Artifact:
    return Artifact(engine.path, engine.manifest.model_copy(update=traits))


@pytest.mark.parametrize("version", ["10.3.0", "10.3.1", "10.16.0.72", "11.4.1"])
def test_an_engine_for_several_versions_runs_on_newer_ones(engine: Artifact, version: str) -> None:
    require_same_platform(compatible(engine, version_compatible=True), "tensorrt", version, "8.7")


@pytest.mark.parametrize(
    ("traits", "version", "capability", "cause", "option"),
    [
        (
            {"version_compatible": True},
            *("10.2.9", "8.7", "it needs tensorrt 10.3.0 or newer, this machine runs 10.2.9"),
            "--version-compatible",
        ),
        (
            {"version_compatible": True, "tools": {}},
            *("10.3.0", "8.7", "it needs tensorrt an unknown version or newer"),
            "--version-compatible",
        ),
        (
            {"version_compatible": True},
            *("10.16.0", "8.9", "its compute capabilities are 8.7"),
            "--version-compatible",
        ),
        (
            {"hardware_compatibility": "ampere+"},
            *("10.3.0", "7.5", "its compute capabilities are 8.7"),
            "--hardware-compatibility ampere+",
        ),
        (
            {"hardware_compatibility": "ampere+"},
            *("10.4.0", "8.9", "it is for tensorrt 10.3.0"),
            "--hardware-compatibility ampere+",
        ),
        (
            {"hardware_compatibility": "same-cc"},
            *("10.3.0", "8.9", "its compute capabilities are 8.7"),
            "--hardware-compatibility same-cc",
        ),
    ],
)
def test_compatibility_goes_as_far_as_it_was_built_for(
    engine: Artifact,
    traits: dict[str, object],
    version: str,
    capability: str,
    cause: str,
    option: str,
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        require_same_platform(compatible(engine, **traits), "tensorrt", version, capability)
    assert cause in str(refusal.value)
    assert option in str(refusal.value), "the engine is rebuilt as it was built"


@pytest.mark.parametrize("capability", ["8.0", "8.6", "8.9", "10.1", "12.0"])
def test_an_engine_for_ampere_and_later_runs_on_all_of_them(
    engine: Artifact, capability: str
) -> None:
    ours = compatible(engine, hardware_compatibility="ampere+")
    require_same_platform(ours, "tensorrt", "10.3.0", capability)


def test_an_engine_of_a_shipped_model_is_rebuilt_by_its_name(engine: Artifact) -> None:
    found = shipped_models()
    if not found:
        pytest.skip("no model is shipped in this tree")
    name, files = next(iter(found.items()))
    made_from = {"name": name, "source_sha256": files[0].manifest.sha256}
    ours = Artifact(engine.path, engine.manifest.model_copy(update=made_from))
    namesake = Artifact(engine.path, engine.manifest.model_copy(update={"name": name}))
    for artifact, source in ((ours, name), (namesake, f"{name}.tensorrt.onnx")):
        with pytest.raises(ArtifactError, match=f"edge-emotion compile {source} --target"):
            require_same_platform(artifact, "tensorrt", "10.3.0", "8.9")


def test_the_engine_that_the_manifest_vouches_for_is_read(engine: Artifact) -> None:
    assert read_engine(engine) == engine.path.read_bytes()


def test_a_changed_engine_is_refused(engine: Artifact) -> None:
    engine.path.write_bytes(engine.path.read_bytes() + b"\0")
    with pytest.raises(ArtifactError, match="sha256 differs"):
        read_engine(engine)


def test_an_engine_where_others_can_write_is_refused(engine: Artifact) -> None:
    folder: Path = engine.path.parent
    folder.chmod(0o757)
    with pytest.raises(ArtifactError, match="other users can write"):
        read_engine(engine)
