"""Fetch a pinned file. Nothing else talks to the network, and only ``models pull`` loads this."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from edge_emotion.errors import ArtifactError, SourceError
from edge_emotion.jsonio import atomic_path
from edge_emotion.vision.weights import RemoteFile

_BLOCK = 1 << 18
_TIMEOUT_SECONDS = 30.0


def _open_url(url: str) -> AbstractContextManager[BinaryIO]:
    response: AbstractContextManager[BinaryIO] = urlopen(url, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - the address is a constant of this package
    return response


def fetch(
    remote: RemoteFile,
    target: Path,
    open_url: Callable[[str], AbstractContextManager[BinaryIO]] = _open_url,
) -> Path:
    """Download a file; ``target`` appears only whole and with the right sha256.

    Args:
        remote: what to fetch.
        target: where to put it; the folder is created.
        open_url: opens an address for reading.

    Returns:
        ``target``.

    Raises:
        SourceError: the network or the server did not give the file.
        ArtifactError: the bytes are not the pinned ones.
        OutputError: ``target`` cannot be written.
    """
    with atomic_path(target) as temporary:
        digest = hashlib.sha256()
        with temporary.open("wb") as stream:
            for block in _blocks(remote, open_url):
                digest.update(block)
                stream.write(block)
        if digest.hexdigest() != remote.sha256:
            raise ArtifactError(
                f"{remote.url} is not the pinned file of {remote.name} "
                f"(sha256 {digest.hexdigest()[:12]}…, expected {remote.sha256[:12]}…)",
                "a proxy may have answered instead: fetch it again, or copy the file to "
                f"{target} yourself",
            )
    return target


def _blocks(
    remote: RemoteFile, open_url: Callable[[str], AbstractContextManager[BinaryIO]]
) -> Iterator[bytes]:
    elsewhere = f"or fetch it on another machine from {remote.url}"
    try:
        with open_url(remote.url) as response:
            while block := response.read(_BLOCK):
                yield block
    except HTTPError as error:
        raise SourceError(
            f"cannot fetch {remote.name}: the server answered {error.code} {error.reason}",
            f"try again later, {elsewhere}",
        ) from error
    except (URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SourceError(
            f"cannot fetch {remote.name}: {reason}", f"check the network, {elsewhere}"
        ) from error
