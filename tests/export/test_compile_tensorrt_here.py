"""What a build for this machine's own GPU asks of TensorRT, which needs that GPU: stand-ins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge_emotion.artifact import HardwareCompatibility
from edge_emotion.errors import CompileError
from edge_emotion.export import tensorrt_target
from edge_emotion.export.compile import Compatibility
from edge_emotion.export.tensorrt_target import choose_target

LEVELS = ("NONE", "AMPERE_PLUS", "SAME_COMPUTE_CAPABILITY")


class Config:
    """An ``IBuilderConfig``, which takes timings only of its own device."""

    def __init__(self) -> None:
        self.flags: list[str] = []
        self.hardware_compatibility_level = "NONE"
        self.timings = b"nothing attached"

    def set_flag(self, flag: str) -> None:
        self.flags.append(flag)

    def create_timing_cache(self, content: bytes) -> SimpleNamespace | None:
        return None if content == b"damaged" else SimpleNamespace(content=content)

    def set_timing_cache(self, cache: SimpleNamespace, ignore_mismatch: bool) -> bool:
        if ignore_mismatch or cache.content == b"another device's":
            return False
        self.timings = cache.content
        return True

    def get_timing_cache(self) -> SimpleNamespace:
        return SimpleNamespace(serialize=lambda: self.timings + b"+1")


def tensorrt(version: str = "10.16.0", levels: tuple[str, ...] = LEVELS) -> Any:
    return SimpleNamespace(
        __name__="tensorrt",
        __version__=version,
        BuilderFlag=SimpleNamespace(VERSION_COMPATIBLE="VERSION_COMPATIBLE"),
        HardwareCompatibilityLevel=SimpleNamespace(__members__={name: name for name in levels}),
    )


@pytest.fixture(autouse=True)
def orin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Orin, with an empty cache folder."""
    monkeypatch.setattr(tensorrt_target, "compute_capability", lambda: "8.7")
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path))


def build(compatibility: Compatibility = Compatibility()) -> Config:  # noqa: B008 - frozen
    config = Config()
    target = choose_target(tensorrt(), (), compatibility)
    target.aim(config)
    target.built(config)
    return config


def test_timings_are_kept_from_build_to_build(tmp_path: Path) -> None:
    assert [build().timings for _ in range(3)] == [b"", b"+1", b"+1+1"]
    (kept,) = (tmp_path / "tensorrt").iterdir()
    assert kept.name.startswith("timing-tensorrt-10.16.0-sm8.7-")


@pytest.mark.parametrize("content", [b"damaged", b"another device's"])
def test_timings_of_no_use_are_replaced(tmp_path: Path, content: bytes) -> None:
    build()
    (kept,) = (tmp_path / "tensorrt").iterdir()
    kept.write_bytes(content)
    assert build().timings == b""
    assert kept.read_bytes() == b"+1"


def test_an_engine_is_for_its_own_machine_unless_asked() -> None:
    config = build()
    assert (config.flags, config.hardware_compatibility_level) == ([], "NONE")


@pytest.mark.parametrize(
    ("level", "theirs"), [("ampere+", "AMPERE_PLUS"), ("same-cc", "SAME_COMPUTE_CAPABILITY")]
)
def test_compatibility_is_asked_for(level: HardwareCompatibility, theirs: str) -> None:
    config = build(Compatibility(version=True, hardware=level))
    assert config.flags == ["VERSION_COMPATIBLE"]
    assert config.hardware_compatibility_level == theirs


def test_a_level_that_this_version_has_not() -> None:
    runtime = tensorrt("10.3.0", LEVELS[:2])
    choose_target(runtime, (), Compatibility(hardware="ampere+"))
    with pytest.raises(CompileError, match=r"10\.3\.0 has no .* same-cc; it has: none, ampere\+"):
        choose_target(runtime, (), Compatibility(hardware="same-cc"))


def test_a_gpu_older_than_ampere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorrt_target, "compute_capability", lambda: "7.2")
    choose_target(tensorrt(), (), Compatibility())
    with pytest.raises(CompileError, match=r"from Ampere \(8\.0\) on, this one is 7\.2; "):
        choose_target(tensorrt(), (), Compatibility(hardware="ampere+"))


@pytest.mark.parametrize("others", [("8.9",), ("8.7", "8.9")])
def test_other_gpus_are_refused(others: tuple[str, ...]) -> None:
    with pytest.raises(CompileError, match=r"builds for the GPU it runs on \(8\.7\), not for"):
        choose_target(tensorrt(), others, Compatibility())
