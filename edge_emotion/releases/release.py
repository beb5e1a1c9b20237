"""What a release says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_emotion.artifact import SUFFIXES, Artifact
from edge_emotion.errors import ArtifactError, first_fault
from edge_emotion.store import NAME, VERSION

RELEASE = "release.json"
SIGNATURE = "model.sig"
MAX_FILE_BYTES = 1 << 28
MAX_FILES = 64

FileName = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Part(_Frozen):
    """One file of a release."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    file_bytes: int = Field(ge=0, le=MAX_FILE_BYTES)


class Release(_Frozen):
    """``release.json``: one version of one model, in all its files."""

    schema_id: Literal["edge-emotion/release/1"] = Field(
        default="edge-emotion/release/1",
        validation_alias="schema",
        serialization_alias="schema",
    )
    name: str = Field(pattern=NAME)
    version: str = Field(pattern=VERSION)
    files: dict[FileName, Part] = Field(min_length=1, max_length=MAX_FILES)

    @property
    def title(self) -> str:
        """As ``models use`` takes it."""
        return f"{self.name}@{self.version}"

    def document(self) -> str:
        """As it is written."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def parse_release(content: bytes, where: str) -> Release:
    """Read a ``release.json``.

    Raises:
        ArtifactError: it is none.
    """
    try:
        release = Release.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactError(
            f"{where} is not a release of a model: {first_fault(error)}",
            "make one with 'edge-emotion models pack'",
        ) from error
    if {RELEASE, SIGNATURE} & set(release.files):
        raise ArtifactError(f"{where} lists itself or its signature", "pack it again")
    return release


def models_in(folder: Path, name: str) -> list[Artifact]:
    """The model files of a release's folder, verified.

    Raises:
        ArtifactError: one does not verify or is of another model, or there is none.
    """
    found = [Artifact.load(path) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]
    others = [artifact.path.name for artifact in found if artifact.manifest.name != name]
    if others or not found:
        what = f"holds another model: {', '.join(others)}" if others else "holds no model file"
        raise ArtifactError(f"{folder} {what}", f"pack the files of {name} alone")
    return found
