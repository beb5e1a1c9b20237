"""Bring a release into the store: verified while it streams in, there whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from edge_emotion.errors import ArtifactError, SourceError, UsageError
from edge_emotion.jsonio import sha256_of
from edge_emotion.releases.release import (
    RELEASE,
    SIGNATURE,
    Part,
    Release,
    models_in,
    parse_release,
)
from edge_emotion.releases.signature import check_signature
from edge_emotion.store import Store

_BLOCK = 1 << 18
_TIMEOUT_SECONDS = 30.0
_RELEASE_LIMIT = 1 << 20


def pull_release(address: str, store: Store, key: Path | None = None) -> Release:
    """Fetch a release.

    Args:
        address: a folder, or the http(s) address of one.
        store: where to put it.
        key: public key that must have signed it; ``None`` asks for no signature.

    Returns:
        What is in the store now. A version that is there already is left as it is; one that was
        damaged there is replaced.

    Raises:
        SourceError: the folder or server does not give the files.
        ArtifactError: a file is not what the release says, the signature is missing or not of this
            key, or the store holds another release of this version.
        OutputError: the store cannot be written.
    """
    content = b"".join(_blocks(address, RELEASE, _RELEASE_LIMIT))
    release = parse_release(content, f"{address}/{RELEASE}")
    with store.locked():
        place = store.folder(release.name, release.version)
        if place.exists() and _whole(place, release):
            return release
        with store.arriving(release.name, release.version) as staging:
            (staging / RELEASE).write_bytes(content)
            for name, part in release.files.items():
                _fetch(address, name, part, staging / name)
            if key is not None:
                signature = b"".join(_blocks(address, SIGNATURE, _RELEASE_LIMIT))
                (staging / SIGNATURE).write_bytes(signature)
                check_signature(staging, key)
            models_in(staging, release.name)
    return release


def _whole(place: Path, release: Release) -> bool:
    """Whether a folder of the store holds every file of a release as it should be."""
    note = place / RELEASE
    if note.is_file() and parse_release(note.read_bytes(), str(place)) != release:
        raise ArtifactError(
            f"the store holds another {release.title}",
            f"give the new one another version, or: edge-emotion models remove {release.title}",
        )
    return note.is_file() and all(
        (place / name).is_file() and sha256_of(place / name) == part.sha256
        for name, part in release.files.items()
    )


def _fetch(address: str, name: str, part: Part, target: Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as stream:
        for block in _blocks(address, name, part.file_bytes):
            digest.update(block)
            stream.write(block)
    if digest.hexdigest() != part.sha256:
        raise ArtifactError(
            f"{address}/{name} is not the file that the release lists (sha256 differs)",
            "pull it again; if that does not help, pack it again",
        )


def _blocks(address: str, name: str, limit: int) -> Iterator[bytes]:
    """A file piece by piece; one that is longer than it may be is an error before it is taken."""
    taken = 0
    try:
        with _open(address, name) as stream:
            while block := stream.read(_BLOCK):
                taken += len(block)
                if taken > limit:
                    raise ArtifactError(
                        f"{address}/{name} is longer than {limit} bytes", "pack the release again"
                    )
                yield block
    except HTTPError as error:
        raise SourceError(
            f"cannot fetch {address}/{name}: the server answered {error.code} {error.reason}",
            "check the address",
        ) from error
    except (URLError, HTTPException, OSError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SourceError(
            f"cannot fetch {address}/{name}: {reason}", "check the address and the network"
        ) from error


def _open(address: str, name: str) -> AbstractContextManager[BinaryIO]:
    scheme = urlsplit(address).scheme
    if scheme in ("http", "https"):
        url = f"{address.rstrip('/')}/{quote(name)}"
        response: AbstractContextManager[BinaryIO] = urlopen(url, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - http and https alone
        return response
    if "://" in address:
        raise UsageError(f"{address} is neither a folder nor an http(s) address")
    return (Path(address) / name).open("rb")
