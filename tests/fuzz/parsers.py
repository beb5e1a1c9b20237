"""Everything that reads bytes from outside, with good examples to spoil."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge_emotion.artifact import (
    DEFAULT_MODEL,
    Artifact,
    manifest_path,
    read_manifest,
    shipped_models,
)
from edge_emotion.backends.onnxfile import read_onnx
from edge_emotion.bench.history import read_history
from edge_emotion.bench.report import read_report, read_samples
from edge_emotion.camera.serve.address import parse_serve
from edge_emotion.camera.sinks.address import parse_broker
from edge_emotion.data import SYNTHETIC, Split, load_dataset
from edge_emotion.data.ballots import read_votes
from edge_emotion.data.picture import NotAPicture, decode
from edge_emotion.errors import DataError
from edge_emotion.releases.golden import golden_path, make_golden, read_golden
from edge_emotion.releases.release import Part, Release, parse_release
from edge_emotion.store import Active, Store

ROOT = Path(__file__).parents[2]
FACES = load_dataset(SYNTHETIC, Split.PUBLIC).images[:4]


@dataclass(frozen=True)
class Parser:
    """One reader.

    Args:
        examples: what it reads well.
        read: reads bytes; what it needs besides goes into the folder.
    """

    examples: list[bytes]
    read: Callable[[bytes, Path], object]


def all_parsers() -> dict[str, Parser]:
    """By name."""
    return {
        "archive": Parser([_archive()], _read_dataset("faces.zip")),
        "table": Parser([_table()], _read_dataset("fer2013.csv")),
        "votes": Parser(_votes(), lambda content, at: read_votes(_file(at / "votes.csv", content))),
        "picture": Parser([_picture(".png"), _picture(".jpg")], _read_picture),
        "manifest": Parser([manifest_path(_shipped().path).read_bytes()], _read_manifest),
        "onnx": Parser([_shipped("tiny").path.read_bytes()[:60_000], _head()], _read_onnx),
        "report": Parser(
            [_shortened_report()], lambda content, at: read_report(_file(at / "r.json", content))
        ),
        "samples": Parser(
            [b'{"schema": "edge-emotion/samples/1", "truth": "012", "rows": []}'],
            lambda content, at: read_samples(_file(at / "s.json", content)),
        ),
        "history": Parser(
            [b'{"schema": "edge-emotion/history/1"}\n'],
            lambda content, at: read_history(_file(at / "h.jsonl", content)),
        ),
        "release": Parser([_release()], lambda content, _: parse_release(content, "release.json")),
        "golden": Parser([make_golden(_shipped("tiny")).model_dump_json().encode()], _read_golden),
        "active": Parser(
            [Active(version="1.0", previous="0.9").model_dump_json().encode()], _read_active
        ),
        "addresses": Parser(
            [b"mqtts://user:secret@broker:8883/home/hall", b"127.0.0.1:8080", b"[::1]:80"],
            _read_addresses,
        ),
    }


def trained_parsers() -> dict[str, Parser]:
    """Those of the workstation, which need the extra ``train``."""
    from edge_emotion.models.checkpoint import Checkpoint
    from edge_emotion.training.answers import Answers
    from edge_emotion.training.recipe import load_recipe
    from edge_emotion.training.space import load_space

    recipe = (ROOT / "export" / "recipes" / "small.toml").read_bytes()
    teacher = (ROOT / "export" / "teachers" / "teacher-a.safetensors").read_bytes()
    return {
        "recipe": Parser([recipe], lambda content, at: load_recipe(_file(at / "r.toml", content))),
        "space": Parser(
            [b"[fp32.learning_rate]\nlow = 0.03\nhigh = 0.3\nlog = true\n"],
            lambda content, at: load_space(_file(at / "s.toml", content), load_recipe()),
        ),
        "checkpoint": Parser(
            [teacher[:40_000]],
            lambda content, at: Checkpoint.load(_file(at / "c.safetensors", content)),
        ),
        "answers": Parser(
            [teacher[:8_000]], lambda content, at: Answers.load(_file(at / "a.st", content))
        ),
    }


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _shipped(name: str = DEFAULT_MODEL) -> Artifact:
    return shipped_models()[name][0]


def _picture(suffix: str) -> bytes:
    return bytes(cv2.imencode(suffix, FACES[0])[1])


def _archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, face in enumerate(FACES):
            kind = ("angry", "happy")[number % 2]
            archive.writestr(f"train/{kind}/{number}.png", bytes(cv2.imencode(".png", face)[1]))
    return content.getvalue()


def _table() -> bytes:
    rows = ["emotion,pixels,Usage"]
    rows += [f"{n},{' '.join(map(str, face.ravel()))},Training" for n, face in enumerate(FACES)]
    return "\n".join(rows).encode()


def _votes() -> list[bytes]:
    choices = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    counts = "4,0,0,1,3,2,0,0,0,0"
    return [
        f"Usage,Image name,{choices}\nTraining,fer0000000.png,{counts}\n".encode(),
        f"path,{choices}\ntrain/angry/1.png,{counts}\n".encode(),
    ]


def _head() -> bytes:
    return _shipped("tiny").path.read_bytes()[:4000]


def _shortened_report() -> bytes:
    document = json.loads((ROOT / "benchmarks" / "results" / "report.json").read_text())
    document["results"] = document["results"][:2]
    return json.dumps({**document, "agreements": [], "recognition": []}).encode()


def _release() -> bytes:
    parts = {"small.onnx": Part(sha256="0" * 64, file_bytes=10)}
    return Release(name="small", version="1.0", files=parts).document().encode()


def _read_dataset(name: str) -> Callable[[bytes, Path], object]:
    return lambda content, at: load_dataset(_file(at / name, content), Split.TRAIN)


def _read_picture(content: bytes, _: Path) -> object:
    try:
        return decode(content)
    except NotAPicture as reason:  # every caller names the file, and goes on or refuses it
        raise DataError(str(reason)) from reason


def _read_manifest(content: bytes, folder: Path) -> object:
    model = folder / "m.onnx"
    _file(manifest_path(model), content)
    return read_manifest(model)


def _read_onnx(content: bytes, folder: Path) -> object:
    return read_onnx(Artifact(_file(folder / "m.onnx", content), _shipped("tiny").manifest))


def _read_golden(content: bytes, folder: Path) -> object:
    model = folder / "m.onnx"
    _file(golden_path(model), content)
    return read_golden(model)


def _read_active(content: bytes, folder: Path) -> object:
    (folder / "small").mkdir(exist_ok=True)
    _file(folder / "small" / "active.json", content)
    return Store(folder).active("small")


def _read_addresses(content: bytes, _: Path) -> object:
    text = content.decode(errors="surrogateescape")
    try:
        return parse_broker(text)
    finally:
        parse_serve(text, np.base_repr(len(text)) * 16)
