"""Where versions of models lie on a device, and which of them is in use.

``STORE/NAME/VERSION/`` holds one release, whole or not at all; ``STORE/NAME/active.json`` says
which is in use, and which was before it.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_emotion.errors import ArtifactError, UsageError
from edge_emotion.jsonio import cache_directory, output_directory, sync, unwritable, write_text

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
VERSION = r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$"
_ARRIVING = ".arriving-"
_NOTE = "active.json"


class Active(BaseModel):
    """What ``active.json`` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(pattern=VERSION)
    previous: str | None = Field(default=None, pattern=VERSION)
    """To go back to; ``None`` is the model that the package ships."""


@dataclass(frozen=True)
class Store:
    """A folder of releases.

    Args:
        root: the folder; it need not exist to be read.
    """

    root: Path

    @classmethod
    def here(cls) -> Store:
        """The store of this device, in the cache folder."""
        return cls(cache_directory() / "store")

    def folder(self, name: str, version: str) -> Path:
        """Where a release lies, or would.

        Raises:
            UsageError: these cannot be a name and a version.
        """
        if not re.fullmatch(VERSION, version):
            raise UsageError(f"{version!r} is no version", "see 'edge-emotion models list'")
        return self._of(name) / version

    def releases(self) -> dict[str, list[str]]:
        """Versions that are there, by name."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.root.glob("*/*/release.json")):
            if not path.parent.name.startswith("."):
                found.setdefault(path.parents[1].name, []).append(path.parent.name)
        return found

    def active(self, name: str) -> Active | None:
        """Which version of a model is in use; ``None`` is the one that the package ships.

        Raises:
            ArtifactError: the note of it cannot be read.
        """
        path = self._note(name)
        try:
            return Active.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise ArtifactError(
                f"{path} does not say which version of {name} is in use",
                f"choose one: edge-emotion models use {name}@VERSION",
            ) from error

    def activate(self, name: str, version: str) -> None:
        """Use a version from now on; the one in use becomes the one to go back to. Needs the lock.

        Raises:
            OutputError: the store cannot be written.
        """
        now = self._readable(name)
        if now is None or now.version != version:
            before = None if now is None else now.version
            self._write(name, Active(version=version, previous=before))

    def go_back(self, name: str) -> str | None:
        """Use the version before; ``None`` is the one that the package ships. Needs the lock.

        Raises:
            ArtifactError: none is in use but the package's.
            OutputError: the store cannot be written.
        """
        now = self.active(name)
        if now is None:
            raise ArtifactError(
                f"{name} is the model of this package already", "there is nothing to go back to"
            )
        if now.previous is None:
            self._note(name).unlink()
        else:
            self._write(name, Active(version=now.previous))
        return now.previous

    def forget(self, name: str) -> None:
        """Use the model that the package ships."""
        self._note(name).unlink(missing_ok=True)

    def remove(self, name: str, version: str) -> None:
        """Take a version away. Needs the lock.

        Raises:
            ArtifactError: it is in use, or not there.
            OutputError: the store cannot be written.
        """
        place = self.folder(name, version)
        now = self._readable(name)
        if now is not None and now.version == version:
            raise ArtifactError(f"{name}@{version} is in use", "use another version first")
        if not place.is_dir():
            raise ArtifactError(
                f"{name}@{version} is not in this device's store", "see 'edge-emotion models list'"
            )
        self._clear(place)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing the store.

        Raises:
            OutputError: the store cannot be written.
        """
        path = output_directory(self.root) / ".lock"
        with path.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextmanager
    def arriving(self, name: str, version: str) -> Iterator[Path]:
        """A folder to put a release into; it takes its place when the block ends well.

        It needs the lock. What an arrival that was killed has left is cleared away first,
        and what lies in its place already, last.

        Raises:
            OutputError: the store cannot be written.
        """
        place = self.folder(name, version)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(name)
            staging = Path(tempfile.mkdtemp(prefix=_ARRIVING, dir=place.parent))
        except OSError as error:
            raise unwritable(place, error) from error
        try:
            yield staging
            for path in (*staging.iterdir(), staging):
                sync(path)
            staging.chmod(0o755)
            self._clear(place)
            staging.rename(place)
            sync(place.parent)
        except OSError as error:
            raise unwritable(place, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _clear(self, place: Path) -> None:
        """Remove a folder: at once for everyone who looks, however long it takes."""
        if not place.exists():
            return
        try:
            doomed = Path(tempfile.mkdtemp(prefix=_ARRIVING, dir=place.parent))
            place.rename(doomed)
            shutil.rmtree(doomed)
        except OSError as error:
            raise unwritable(place, error) from error

    def _of(self, name: str) -> Path:
        if not re.fullmatch(NAME, name):
            raise UsageError(f"{name!r} is no name of a model", "see 'edge-emotion models list'")
        return self.root / name

    def _note(self, name: str) -> Path:
        return self._of(name) / _NOTE

    def _readable(self, name: str) -> Active | None:
        try:
            return self.active(name)
        except ArtifactError:
            return None

    def _sweep(self, name: str) -> None:
        """Clear away what changes that were killed have left."""
        for left in self._of(name).glob(f"{_ARRIVING}*"):
            shutil.rmtree(left)
        for left in self._of(name).glob(f".{_NOTE}.*"):
            left.unlink()

    def _write(self, name: str, active: Active) -> None:
        self._sweep(name)
        write_text(self._note(name), active.model_dump_json() + "\n")
