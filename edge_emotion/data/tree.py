"""The files of a dataset, in a zip or in a folder, behind one small interface."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge_emotion.data.layout import SPLIT_FOLDERS, TABLE_NAMES, is_hidden
from edge_emotion.errors import DataError
from edge_emotion.jsonio import sha256_of

_ZIP_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # encrypted; NotImplementedError, an unknown compression, is one too
)

TABLE_BYTES = 1 << 30
"""Largest CSV read; FER-2013's has 301 MB."""

_UNSAFE = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)")
"""Absolute, on a drive, with backslashes, or climbing: no name that Kaggle packs."""


class Tree(ABC):
    """Named files that can be listed and read.

    Attributes:
        source: how messages call the whole.
    """

    def __init__(self, source: Path) -> None:
        self.source = source

    @abstractmethod
    def entries(self) -> list[str]:
        """File names in POSIX form, and folder names ending in "/"; sorted."""

    @abstractmethod
    def sha256(self) -> str:
        """Identity of the content, as 64 hexadecimal digits."""

    @contextmanager
    def open(self, entry: str, max_bytes: int) -> Iterator[IO[bytes]]:
        """A stream on one file.

        Raises:
            DataError: the file cannot be read, or is larger than ``max_bytes``.
        """
        try:
            with self._open(entry) as (stream, size):
                if size > max_bytes:
                    raise DataError(
                        f"{self.source}: {entry!r} has {size} bytes, more than the {max_bytes} "
                        "that such a file may have",
                        "remove it or download the dataset again",
                    )
                yield stream
        except _ZIP_FAILURES as error:
            raise unreadable(f"{self.source}: {entry!r}", error) from error

    def read(self, entry: str, max_bytes: int) -> bytes:
        """The whole content of one file; raises as ``open`` does."""
        with self.open(entry, max_bytes) as stream:
            return stream.read(max_bytes)

    @abstractmethod
    @contextmanager
    def _open(self, entry: str) -> Iterator[tuple[IO[bytes], int]]:
        """A stream and the number of bytes it can give."""


class ZipTree(Tree):
    """The members of a zip, which is never unpacked to disk."""

    def __init__(self, source: Path, archive: zipfile.ZipFile) -> None:
        super().__init__(source)
        self._archive = archive

    def entries(self) -> list[str]:
        """Member names.

        Raises:
            DataError: a name that would leave the folder it is unpacked in.
        """
        names = self._archive.namelist()
        unsafe = next((name for name in names if _UNSAFE.search(name)), None)
        if unsafe is not None:
            raise DataError(
                f"{self.source}: unsafe member name {unsafe!r}",
                "do not unpack this zip; download the dataset again",
            )
        return sorted(names)

    def sha256(self) -> str:
        """The sha256 of the zip's own bytes."""
        return sha256_of(self.source)

    @contextmanager
    def _open(self, entry: str) -> Iterator[tuple[IO[bytes], int]]:
        member = self._archive.getinfo(entry)
        with self._archive.open(member) as stream:  # gives no more than the size announced
            yield stream, member.file_size


@contextmanager
def zip_tree(source: Path) -> Iterator[ZipTree]:
    """Open a zip.

    Raises:
        DataError: truncated, or no zip at all.
    """
    try:
        archive = zipfile.ZipFile(source)
    except _ZIP_FAILURES as error:
        raise DataError(
            f"{source}: truncated or not a zip ({error})", "download it again"
        ) from error
    with archive:
        yield ZipTree(source, archive)


class FolderTree(Tree):
    """The part of a folder that can hold a dataset; anything else in it is left alone."""

    def entries(self) -> list[str]:
        """The CSV or the split folders, at the top or one folder down."""
        names = list(self._tables_and_splits(""))
        for folder in self._children(""):
            if folder.endswith("/") and folder[:-1].lower() not in SPLIT_FOLDERS:
                names += self._tables_and_splits(folder)
        return sorted(names)

    def sha256(self) -> str:
        """The sha256 over each name with its file's size and content, in sorted order."""
        digest = hashlib.sha256()
        for entry in self.entries():
            content = b"" if entry.endswith("/") else self.read(entry, TABLE_BYTES)
            digest.update(f"{os.fsencode(entry)!r} {len(content)} ".encode())
            digest.update(content)
        return digest.hexdigest()

    def _tables_and_splits(self, top: str) -> Iterator[str]:
        for child in self._children(top):
            name = child[len(top) :].lower()
            if child[len(top) :] in TABLE_NAMES:
                yield child
            elif name.rstrip("/") in SPLIT_FOLDERS and name.endswith("/"):
                for inner in self._children(child):
                    yield inner
                    if inner.endswith("/"):
                        yield from self._children(inner)

    def _children(self, folder: str) -> list[str]:
        try:
            with os.scandir(self.source / folder) as found:
                return [
                    f"{folder}{item.name}/" if item.is_dir() else f"{folder}{item.name}"
                    for item in found
                    if not is_hidden(item.name)
                ]
        except OSError as error:
            raise unreadable(f"{self.source / folder}", error) from error

    @contextmanager
    def _open(self, entry: str) -> Iterator[tuple[IO[bytes], int]]:
        path = self.source / entry
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its writer
            raise OSError("not a regular file")
        with path.open("rb") as stream:
            yield stream, status.st_size


def unreadable(what: str, error: Exception) -> DataError:
    """The one error for a file of a dataset that cannot be read."""
    cause = getattr(error, "strerror", None) or error
    return DataError(f"{what} cannot be read: {cause}", "download the dataset again")
