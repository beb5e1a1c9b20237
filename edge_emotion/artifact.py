"""A runnable model file and the manifest that vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_emotion.emotions import FACE_SIZE, LABELS
from edge_emotion.errors import ArtifactError, first_fault
from edge_emotion.figures import (
    AccuracyFigure,
    AgainstFigure,
    CalibrationFigure,
    LabelsOf,
    RobustnessFigure,
)
from edge_emotion.jsonio import sha256_of, write_text
from edge_emotion.store import Store

Format = Literal["onnx", "openvino", "tensorrt", "tensorrt_rtx", "safetensors"]
Precision = Literal["fp32", "fp16", "int8"]
HardwareCompatibility = Literal["none", "ampere+", "same-cc"]
"""Which GPUs an engine runs on beside the model it was built on: none, all from Ampere on, or all
of its compute capability."""
Encoding = Literal["none", "cpu", "tensorrt"]
"""How activations are quantised: ``cpu`` is unsigned after ReLU, ``tensorrt`` signed throughout."""

SUFFIXES: dict[str, Format] = {
    ".onnx": "onnx",
    ".xml": "openvino",
    ".engine": "tensorrt",
    ".safetensors": "safetensors",
}
SHIPPED = Path(__file__).parent / "assets"
DEFAULT_MODEL = "small-ferplus"
"""What reads faces unless told otherwise; chosen by ``benchmarks/default_model.py``."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSpec(_Frozen):
    """What a model takes: raw grayscale bytes; normalisation is part of the graph."""

    name: str = "faces"
    shape: tuple[int | None, ...] = (None, 1, FACE_SIZE, FACE_SIZE)
    """Batch, channels, height, width; ``None`` is any batch size."""
    dtype: Literal["uint8"] = "uint8"
    normalisation: str = "(x - 128) / 128, inside the graph"


class Manifest(_Frozen):
    """What is known of a model file. Unknown keys are refused."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    network: str
    format: Format
    precision: Precision
    encoding: Encoding = "none"
    input: InputSpec = InputSpec()
    output: str = "logits"
    labels: tuple[str, ...] = LABELS
    temperature: float = Field(default=1.0, gt=0)
    """Divide logits by this before the softmax to get calibrated probabilities."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    companions: dict[str, str] = {}
    """Other files the model consists of: file name → sha256."""
    source_sha256: str | None = None
    """sha256 of the file this one was made from; files of one source are one model."""
    macs: int = Field(ge=0)
    """Multiply-accumulate operations for one face."""
    parameters: int = Field(ge=0)
    accuracy: tuple[AccuracyFigure, ...] = ()
    calibration: CalibrationFigure | None = None
    """How ``temperature`` was fitted; without it, it was not."""
    against_fp32: AgainstFigure | None = None
    """A quantised file beside its floating-point sibling."""
    robustness: RobustnessFigure | None = None
    recipe: str | None = None
    tools: dict[str, str] = {}
    """Name → version of what made the file."""
    compute_capability: tuple[str, ...] = ()
    """GPU compute capabilities an engine was built for, as "8.7"."""
    version_compatible: bool = False
    """Whether an engine also runs on newer TensorRT versions than the one in ``tools``."""
    hardware_compatibility: HardwareCompatibility = "none"

    @property
    def judged_by(self) -> LabelsOf:
        """Whose answers it was made to give: those that its first accuracy is judged by."""
        return self.accuracy[0].labels if self.accuracy else "fer2013"

    def compiled(self, **changes: object) -> Manifest:
        """The manifest of a file that this one's file was compiled into.

        It keeps the temperature, and none of the figures: they are of the very file measured.

        Args:
            changes: fields that differ.
        """
        figures = {"accuracy": (), "against_fp32": None, "robustness": None}
        source = {"source_sha256": self.sha256}
        return self.model_copy(update={**figures, **source, **changes})


@dataclass(frozen=True)
class Artifact:
    """A model file with its verified manifest."""

    path: Path
    manifest: Manifest

    @property
    def file_bytes(self) -> int:
        """Size of the model on disk, companions included."""
        names = [self.path.name, *self.manifest.companions]
        return sum((self.path.parent / name).stat().st_size for name in names)

    @classmethod
    def load(cls, path: Path) -> Artifact:
        """Read a model file's manifest and check every hash in it.

        Raises:
            ArtifactError: the file or manifest is missing, malformed, or a hash differs.
        """
        if not path.is_file():
            raise ArtifactError(
                f"no model file at {path}", "check the path, or see 'edge-emotion models list'"
            )
        manifest = read_manifest(path)
        expected = {path.name: manifest.sha256, **manifest.companions}
        for name, digest in expected.items():
            part = path.parent / name
            if not part.is_file():
                raise ArtifactError(f"{path} is incomplete: {name} is missing", "export it again")
            if sha256_of(part) != digest:
                raise ArtifactError(
                    f"{part} is not the file its manifest describes (sha256 differs)",
                    "it is truncated or was changed: export, compile or pull it again",
                )
        return cls(path, manifest)

    def sibling(self, encoding: Encoding) -> Artifact | None:
        """The same model in the same folder with another activation encoding, if there is one."""
        if self.manifest.encoding == encoding:
            return self
        for candidate in sorted(self.path.parent.glob(f"*{self.path.suffix}")):
            if candidate == self.path or not manifest_path(candidate).is_file():
                continue
            other = read_manifest(candidate)
            same_model = (
                other.name == self.manifest.name
                and other.source_sha256 == self.manifest.source_sha256
            )
            if same_model and other.encoding == encoding:
                return Artifact.load(candidate)
        return None


def manifest_path(model: Path) -> Path:
    """Where the manifest of a model file lies: ``small.cpu.onnx`` → ``small.cpu.onnx.json``."""
    return model.with_name(f"{model.name}.json")


def read_manifest(model: Path) -> Manifest:
    """Read and validate the manifest beside a model file.

    Raises:
        ArtifactError: it is missing, or not a manifest of this schema.
    """
    path = manifest_path(model)
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{model} has no readable manifest {path.name}",
            "keep the JSON beside the model, or export the model again",
        ) from error
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactError(
            f"manifest {path} is not valid: {first_fault(error)}", "export the model again"
        ) from error


def publish_manifest(model: Path, manifest: Manifest) -> Artifact:
    """Write the manifest of a model file that is already in place, atomically.

    A model is loadable only with its manifest, so writing the manifest last publishes both.
    """
    write_text(manifest_path(model), manifest.model_dump_json(indent=2) + "\n")
    return Artifact(model, manifest)


def shipped_models() -> dict[str, list[Artifact]]:
    """The models inside this package: name → its files, one per activation encoding."""
    found: dict[str, list[Artifact]] = {}
    for path in sorted(SHIPPED.glob("*.onnx")):
        artifact = Artifact(path, read_manifest(path))
        found.setdefault(artifact.manifest.name, []).append(artifact)
    return found


def resolve_model(model: str) -> Artifact:
    """Find a model by path or by name, and verify it.

    Args:
        model: a path to a model file, a name, or ``NAME@VERSION`` of one in this device's store. A
            name alone is the version that ``models use`` chose, else the model that ships.

    Raises:
        ArtifactError: none of these, or the file does not verify.
    """
    path = Path(model)
    if path.suffix in SUFFIXES or path.exists():
        return Artifact.load(path)
    name, at, version = model.partition("@")
    if not at:
        active = Store.here().active(name)
        version = active.version if active else ""
    if version:
        return _stored(name, version)
    shipped = shipped_models()
    if model not in shipped:
        known = ", ".join(shipped) or "none"
        raise ArtifactError(
            f"no model named {model!r}",
            f"give a path to a model file or one of the shipped names: {known}",
        )
    return Artifact.load(shipped[model][0].path)


def _stored(name: str, version: str) -> Artifact:
    """The first file of a release in the store that is one of the encodings of a name."""
    folder = Store.here().folder(name, version)
    if not folder.is_dir():
        raise ArtifactError(
            f"{name}@{version} is not in this device's store", "see 'edge-emotion models list'"
        )
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES and manifest_path(path).is_file():
            return Artifact.load(path)
    raise ArtifactError(f"{folder} holds no model file", f"remove it, and pull {name}@{version}")
