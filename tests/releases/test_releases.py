"""From a pack of files to the model in use, and back; over a real HTTP server."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.artifact import Artifact, resolve_model
from edge_emotion.errors import ArtifactError, OutputError, SourceError, UsageError
from edge_emotion.jsonio import sha256_of
from edge_emotion.releases.golden import golden_path
from edge_emotion.releases.pack import pack
from edge_emotion.releases.pull import pull_release
from edge_emotion.releases.release import MAX_FILE_BYTES, RELEASE, parse_release
from edge_emotion.releases.use import use_release
from edge_emotion.store import Store
from tests.backends.classifiers import place
from tests.conftest import RunCli

pytest.importorskip("onnxruntime")

NAME = "classifier"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))
    return Store.here()


@pytest.fixture
def files(tmp_path: Path) -> list[Artifact]:
    folder = tmp_path / "made"
    folder.mkdir()
    return [place(folder, "cpu"), place(folder, "tensorrt")]


@pytest.fixture
def release(files: list[Artifact], tmp_path: Path) -> Path:
    pack(files, "1.0", tmp_path / "release")
    return tmp_path / "release"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(release: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(release.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/{release.name}"
        running.shutdown()
        thread.join()


def another(release: Path, version: str) -> Path:
    """The same files as another version."""
    copy = release.with_name(f"release-{version}")
    shutil.copytree(release, copy)
    document = json.loads((copy / RELEASE).read_text())
    (copy / RELEASE).write_text(json.dumps(document | {"version": version}))
    return copy


def leftovers(store: Store) -> list[Path]:
    return [path for path in store.root.rglob(".*") if path.name != ".lock"]


def test_a_release_lists_every_file_and_holds_its_answers(
    release: Path, files: list[Artifact]
) -> None:
    listed = parse_release((release / RELEASE).read_bytes(), "here")
    assert listed.title == f"{NAME}@1.0"
    names = {path.name for path in release.iterdir()}
    assert set(listed.files) == names - {RELEASE}
    for artifact in files:
        assert golden_path(release / artifact.path.name).name in names


def test_what_is_pulled_and_used_is_what_the_name_means(server: str, store: Store) -> None:
    assert pull_release(server, store).title == f"{NAME}@1.0"
    with pytest.raises(ArtifactError, match="no model named"):
        resolve_model(NAME)
    assert resolve_model(f"{NAME}@1.0").manifest.name == NAME
    tried = use_release(NAME, "1.0", store)
    assert "onnxruntime" in tried
    found = resolve_model(NAME)
    assert found.path.parent == store.folder(NAME, "1.0")
    assert found.sibling("tensorrt") is not None
    assert leftovers(store) == []


def test_pulling_again_changes_nothing_and_another_release_of_that_version_is_refused(
    release: Path, store: Store
) -> None:
    pull_release(str(release), store)
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*.onnx")}
    pull_release(str(release), store)
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*.onnx")} == before
    document = json.loads((release / RELEASE).read_text())
    document["files"].popitem()
    (release / RELEASE).write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match=r"another classifier@1\.0"):
        pull_release(str(release), store)


@pytest.mark.parametrize("damage", ["truncated", "changed", "longer", "missing"])
def test_a_damaged_download_leaves_nothing(
    server: str, release: Path, store: Store, damage: str
) -> None:
    (model, *_) = sorted(release.glob("*.onnx"))
    content = model.read_bytes()
    if damage == "missing":
        model.unlink()
    else:
        spoilt = {
            "truncated": content[:-1],
            "changed": bytes([content[0] ^ 1]) + content[1:],
            "longer": content + b"x",
        }
        model.write_bytes(spoilt[damage])
    error = SourceError if damage == "missing" else ArtifactError
    with pytest.raises(error, match=model.name):
        pull_release(server, store)
    assert store.releases() == {}
    assert leftovers(store) == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "Invalid JSON"),
        (b"[]", "document"),
        (
            b'{"schema": "edge-emotion/release/1", "name": "../x", "version": "1", "files": {}}',
            "name",
        ),
        (
            b'{"schema": "edge-emotion/release/1", "name": "x", "version": "1", "files": {"../a": '
            b'{"sha256": "' + b"0" * 64 + b'", "file_bytes": 1}}}',
            "files",
        ),
        (
            b'{"schema": "edge-emotion/release/1", "name": "x", "version": "1", "files": {"a": '
            b'{"sha256": "' + b"0" * 64 + b'", "file_bytes": %d}}}' % (MAX_FILE_BYTES + 1),
            "file_bytes",
        ),
        (
            b'{"schema": "edge-emotion/release/1", "name": "x", "version": "1", "files": '
            b'{"release.json": {"sha256": "' + b"0" * 64 + b'", "file_bytes": 1}}}',
            "lists itself",
        ),
    ],
)
def test_what_is_no_release_is_refused(document: bytes, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        parse_release(document, "there")


@pytest.mark.parametrize("address", ["ftp://host/release", "file:///etc"])
def test_only_folders_and_http(address: str, store: Store) -> None:
    with pytest.raises(UsageError, match="neither a folder nor"):
        pull_release(address, store)


def test_a_version_that_answers_otherwise_is_not_used_and_the_old_one_stays(
    release: Path, store: Store
) -> None:
    pull_release(str(release), store)
    use_release(NAME, "1.0", store)
    worse = another(release, "1.1")
    (model, *_) = sorted(worse.glob("*.cpu.onnx"))
    golden = json.loads(golden_path(model).read_text())
    golden["probabilities"] = np.roll(golden["probabilities"], 1, axis=1).tolist()
    golden_path(model).write_text(json.dumps(golden))
    document = json.loads((worse / RELEASE).read_text())
    part = golden_path(model)
    document["files"][part.name] = {
        "sha256": sha256_of(part),
        "file_bytes": part.stat().st_size,
    }
    (worse / RELEASE).write_text(json.dumps(document))
    pull_release(str(worse), store)
    with pytest.raises(ArtifactError, match="off its golden answers"):
        use_release(NAME, "1.1", store)
    assert resolve_model(NAME).path.parent.name == "1.0"


def test_a_file_that_rots_in_the_store_is_not_taken_into_use_and_pulled_anew(
    release: Path, store: Store
) -> None:
    pull_release(str(release), store)
    (model, *_) = sorted(store.folder(NAME, "1.0").glob("*.onnx"))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(ArtifactError, match="sha256 differs"):
        use_release(NAME, "1.0", store)
    assert store.active(NAME) is None
    pull_release(str(release), store)
    assert use_release(NAME, "1.0", store)
    assert leftovers(store) == []


def test_a_version_is_removed_unless_it_is_in_use(release: Path, store: Store) -> None:
    pull_release(str(release), store)
    use_release(NAME, "1.0", store)
    with pytest.raises(ArtifactError, match="is in use"):
        store.remove(NAME, "1.0")
    store.forget(NAME)
    store.remove(NAME, "1.0")
    assert store.releases() == {}
    with pytest.raises(ArtifactError, match="not in this device's store"):
        store.remove(NAME, "1.0")
    assert leftovers(store) == []


def test_there_and_back(release: Path, store: Store) -> None:
    for version in ("1.1", "1.2"):
        pull_release(str(another(release, version)), store)
        use_release(NAME, version, store)
    assert resolve_model(NAME).path.parent.name == "1.2"
    assert store.go_back(NAME) == "1.1"
    assert resolve_model(NAME).path.parent.name == "1.1"
    assert store.go_back(NAME) is None
    with pytest.raises(ArtifactError, match="nothing to go back to"):
        store.go_back(NAME)


def test_a_full_disk_leaves_nothing(release: Path, store: Store) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    smallest = min(path.stat().st_size for path in release.glob("*.onnx"))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (smallest // 2, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            pull_release(str(release), store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert store.releases() == {}
    assert leftovers(store) == []


def test_the_commands(run_cli: RunCli, release: Path, tmp_path: Path) -> None:
    cache = {"EDGE_EMOTION_CACHE": str(tmp_path / "cache")}
    assert run_cli("models", "pull", release, **cache).stdout.strip() == f"{NAME}@1.0"
    used = run_cli("models", "use", f"{NAME}@1.0", **cache)
    assert used.stdout.startswith(f"{NAME}@1.0 is in use, tried on ")
    listed = json.loads(run_cli("models", "list", "--json", **cache).stdout)["models"]
    ours = [one for one in listed if one["name"] == NAME]
    assert [(one["version"], one["active"]) for one in ours] == [("1.0", True)] * 2
    assert "1.0, in use" in run_cli("models", "list", COLUMNS="200", **cache).stdout
    back = run_cli("models", "rollback", NAME, **cache)
    assert back.stdout.strip() == f"{NAME}@shipped is in use"
    wrong = run_cli("models", "use", "small", **cache)
    assert wrong.returncode == 2
    assert "NAME@VERSION" in wrong.stderr
    packed = run_cli(
        "models", "pack", "small", "--version", "2.0", "--out", tmp_path / "s", **cache
    )
    assert packed.returncode == 0, packed.stderr
    assert len(list((tmp_path / "s").glob("*.onnx"))) == 2


def test_traversal_is_no_name(store: Store) -> None:
    for title in (("..", "1"), ("x/../..", "1"), ("x", "../1"), ("x", "1\n")):
        with pytest.raises(UsageError):
            store.folder(*title)


def test_a_signature_is_demanded_where_a_key_is_given(
    release: Path, store: Store, tmp_path: Path
) -> None:
    signing = pytest.importorskip("model_signing.signing", reason="needs the extra signing")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def key_pair(name: str) -> tuple[Path, Path]:
        private = ec.generate_private_key(ec.SECP256R1())
        secret, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub"
        secret.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        public.write_bytes(
            private.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return secret, public

    secret, public = key_pair("ours")
    _, others = key_pair("others")
    with pytest.raises(SourceError, match=r"model\.sig"):
        pull_release(str(release), store, public)
    signing.Config().use_elliptic_key_signer(private_key=secret).sign(
        release, release / "model.sig"
    )
    with pytest.raises(ArtifactError, match="not signed with others"):
        pull_release(str(release), store, others)
    pull_release(str(release), store, public)
    changed = another(release, "1.1")
    with pytest.raises(ArtifactError, match="not signed with ours"):
        pull_release(str(changed), store, public)
    assert store.releases() == {NAME: ["1.0"]}
    assert [path.name for path in (store.root / NAME).iterdir()] == ["1.0"]
