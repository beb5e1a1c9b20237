"""Detector weights that are fetched on demand and pinned by sha256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from edge_emotion.errors import ArtifactError, SourceError
from edge_emotion.jsonio import atomic_path, cache_directory

_BLOCK = 1 << 18
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class RemoteFile:
    """A file on the web that is used only with exactly these bytes."""

    name: str
    url: str
    sha256: str
    licence: str


YUNET = RemoteFile(
    name="yunet",
    url=(
        "https://github.com/opencv/opencv_zoo/raw/main/models/"
        "face_detection_yunet/face_detection_yunet_2026may.onnx"
    ),
    sha256="ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
    licence="MIT",
)
"""YuNet, the face detector of OpenCV's model zoo (Wu, Peng, Yu: "YuNet: A Tiny
Millisecond-level Face Detector", Machine Intelligence Research, 2023)."""


def yunet_path() -> Path:
    """Where YuNet's weights are looked for: ``EDGE_EMOTION_YUNET``, else the cache folder."""
    configured = os.environ.get("EDGE_EMOTION_YUNET")
    if configured:
        return Path(configured)
    return cache_directory() / "models" / Path(YUNET.url).name


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
