"""Whether a release was signed with a key, by OpenSSF's model-signing."""

from __future__ import annotations

from pathlib import Path

from edge_emotion.errors import ArtifactError
from edge_emotion.releases.release import SIGNATURE


def check_signature(folder: Path, key: Path) -> None:
    """Hold every file of a folder against the signature that lies in it.

    Args:
        folder: a release with ``model.sig``, as ``model_signing sign key`` makes it.
        key: public key of the elliptic curve pair that must have signed, as PEM.

    Raises:
        ArtifactError: model-signing is not installed, the key cannot be read, or the signature is
            not of this key over these files.
    """
    try:
        from model_signing import hashing, verifying
    except ImportError as error:
        raise ArtifactError(
            "signatures need model-signing, which is not installed",
            "pip install 'edge-emotion[signing]'",
        ) from error
    signature = folder / SIGNATURE
    try:
        config = verifying.Config().use_elliptic_key_verifier(  # type: ignore[no-untyped-call]
            public_key=key
        )
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"cannot read the public key {key}: {error}", "give the PEM file of an EC key"
        ) from error
    ignored = hashing.Config().set_ignored_paths(  # type: ignore[no-untyped-call]
        paths=[signature]
    )
    try:
        config.set_hashing_config(ignored).verify(folder, signature)
    except Exception as error:
        # Whatever the library raises on hostile bytes: none of it may let the release in.
        raise ArtifactError(
            f"the release is not signed with {key.name}: {type(error).__name__}: {error}",
            "do not use it; ask whoever published it",
        ) from error
