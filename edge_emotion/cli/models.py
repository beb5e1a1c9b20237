"""``edge-emotion models``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from edge_emotion.artifact import Artifact, Encoding, shipped_models
from edge_emotion.cli.options import PATH, complete_model, json_option, print_json, say
from edge_emotion.errors import UsageError
from edge_emotion.figures import JUDGES
from edge_emotion.store import Active, Store

SHIPPED_VERSION = "shipped"
"""What the model of this package is called among versions."""
_ENCODINGS: dict[Encoding, str] = {"none": "", "cpu": " for CPUs", "tensorrt": " for TensorRT"}


@click.group("models")
def command() -> None:
    """List, pack, fetch, verify and choose models."""


@command.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models that this package ships, and the versions in this device's store."""
    shipped = [Listed(artifact) for files in shipped_models().values() for artifact in files]
    listed = [*shipped, *_stored()]
    if as_json:
        print_json({"models": [_describe(one) for one in listed]})
    else:
        _print_table(listed)


@command.command("pull")
@click.argument("what", metavar="yunet|ADDRESS")
@click.option(
    "--key",
    type=PATH,
    envvar="EDGE_EMOTION_MODEL_KEY",
    help="Public key (PEM) that must have signed the release; EDGE_EMOTION_MODEL_KEY.",
)
def pull(what: str, key: Path | None) -> None:
    """Fetch a model, verified by its sha256 while it streams in.

    `yunet` is the face detector of OpenCV's model zoo. Anything else is a folder, or the http(s)
    address of one, that `models pack` made; it goes into this device's store.
    """
    if what == "yunet":
        from edge_emotion.vision.fetch import fetch
        from edge_emotion.vision.weights import YUNET, yunet_path

        say(f"fetching {what} ({YUNET.licence}) from {YUNET.url}")
        click.echo(str(fetch(YUNET, yunet_path())))
        return
    if "/" not in what and not Path(what).is_dir():
        raise UsageError(
            f"{what!r} is neither yunet nor a folder nor an address",
            "give the folder or address of a release",
        )
    from edge_emotion.releases.pull import pull_release

    release = pull_release(what, Store.here(), key)
    click.echo(release.title)


@command.command("use")
@click.argument("title", metavar="NAME@VERSION")
def use(title: str) -> None:
    """Try a version of a model on its golden faces, and use it from now on.

    A version that gives other answers on a backend of this machine is not taken into use; the one
    before stays. NAME@shipped is the model of this package.
    """
    from edge_emotion.releases.use import use_release

    name, version = _name_and_version(title)
    if version == SHIPPED_VERSION:
        store = Store.here()
        with store.locked():
            store.forget(name)
        click.echo(f"{name} is the model of this package")
        return
    tried = use_release(name, version, Store.here())
    click.echo(f"{title} is in use, tried on {', '.join(tried)}")


@command.command("rollback")
@click.argument("name")
def rollback(name: str) -> None:
    """Use the version that was in use before."""
    store = Store.here()
    with store.locked():
        version = store.go_back(name)
    click.echo(f"{name}@{version or SHIPPED_VERSION} is in use")


@command.command("remove")
@click.argument("title", metavar="NAME@VERSION")
def remove(title: str) -> None:
    """Take a version out of this device's store; the one in use stays."""
    name, version = _name_and_version(title)
    store = Store.here()
    with store.locked():
        store.remove(name, version)
    click.echo(f"{title} is removed")


@command.command("pack")
@click.argument(
    "models", nargs=-1, required=True, metavar="MODEL...", shell_complete=complete_model
)
@click.option("--version", required=True, help="What to call it, as 1.2.")
@click.option("--out", type=PATH, required=True, help="An empty folder.")
def pack(models: tuple[str, ...], version: str, out: Path) -> None:
    """Make a release of the files of one MODEL, to be served or carried to devices.

    Files in other encodings that lie beside a MODEL come along.
    """
    from edge_emotion.artifact import resolve_model
    from edge_emotion.releases.pack import pack as pack_release

    found = {}
    for model in models:
        artifact = resolve_model(model)
        for each in (artifact, artifact.sibling("cpu"), artifact.sibling("tensorrt")):
            if each is not None:
                found[each.path] = each
    release = pack_release(list(found.values()), version, out)
    say(f"{release.title}: {len(release.files)} files")
    click.echo(str(out))


def _name_and_version(title: str) -> tuple[str, str]:
    name, _, version = title.partition("@")
    if not (name and version):
        raise UsageError(f"{title!r} names no version", "write NAME@VERSION, see models list")
    return name, version


@dataclass(frozen=True)
class Listed:
    """A file in the list; ``version`` is ``None`` of one that ships."""

    artifact: Artifact
    version: str | None = None

    @property
    def active(self) -> bool:
        """Whether its name alone means this version."""
        active: Active | None = Store.here().active(self.artifact.manifest.name)
        return self.version == (None if active is None else active.version)


def _stored() -> list[Listed]:
    from edge_emotion.releases.release import models_in

    store = Store.here()
    return [
        Listed(artifact, version)
        for name, versions in store.releases().items()
        for version in versions
        for artifact in models_in(store.folder(name, version), name)
    ]


def _describe(one: Listed) -> dict[str, Any]:
    artifact = one.artifact
    manifest = artifact.manifest
    figures = [figure.model_dump(mode="json") for figure in manifest.accuracy]
    return {
        "name": manifest.name,
        "version": one.version,
        "active": one.active,
        "file": artifact.path.name,
        "path": str(artifact.path),
        "network": manifest.network,
        "precision": manifest.precision,
        "format": manifest.format,
        "encoding": manifest.encoding,
        "file_bytes": artifact.file_bytes,
        "sha256": manifest.sha256,
        "macs": manifest.macs,
        "parameters": manifest.parameters,
        "accuracy": figures[0]["accuracy"] if figures else None,
        "accuracy_labels": figures[0]["labels"] if figures else None,
        "accuracy_figures": figures,
    }


def _print_table(listed: list[Listed]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("name", no_wrap=True), "version", "precision", "kB", "MMACs", "accuracy")
    for one in listed:
        artifact, manifest = one.artifact, one.artifact.manifest
        measured = [
            f"{figure.accuracy:.2%} of {JUDGES[figure.labels]}" for figure in manifest.accuracy[:1]
        ]
        table.add_row(
            manifest.name,
            f"{one.version or SHIPPED_VERSION}{', in use' if one.active else ''}",
            manifest.precision + _ENCODINGS[manifest.encoding],
            f"{artifact.file_bytes / 1000:.0f}",
            f"{manifest.macs / 1e6:.1f}",
            measured[0] if measured else "not measured",
        )
    Console().print(table)
