"""What a run tells of itself while it lasts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from edge_emotion.camera.stages import Latency, StageFigures


class SourceStatus(BaseModel):
    """One source of the run."""

    model_config = ConfigDict(frozen=True)

    name: str
    """What it calls itself, with no password in it."""
    state: Literal["connecting", "running", "reconnecting", "ended", "failed"]
    frames: int
    """Frames whose results were published."""
    dropped: int
    """Frames of a live source that were overtaken by newer ones."""
    reconnects: int
    fps: float
    """Published frames per second, over the last seconds."""
    frame_age_ms: float | None
    """Age of the newest published frame when its result was published."""
    error: str | None
    """The last one, with no password in it."""


class Status(BaseModel):
    """The whole run."""

    model_config = ConfigDict(frozen=True)

    time: float
    """Seconds since 1970-01-01 UTC."""
    uptime_seconds: float
    sources: tuple[SourceStatus, ...]
    frames: int
    faces: int
    fps: float
    latency: Latency | None
    """``None`` before the first frame."""
    stages: dict[str, StageFigures]
    """One entry per stage that ran."""
    model: str
    precision: str
    backend: str
    detector: str
    cpu_temperature_celsius: float | None
    rss_bytes: int
