"""What a running loop says of itself, about once a second."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from edge_emotion.camera.stages import StageFigures


class SourceStatus(BaseModel):
    """How one source does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """What the source calls itself, with no password in it."""
    state: Literal["connecting", "running", "reconnecting", "ended", "failed"]
    frames: int
    dropped: int
    """Frames that nobody took in time."""
    reconnects: int
    fps: float
    frame_age_ms: float | None
    """Age of the newest processed frame when its result was published."""
    error: str | None
    """The last error, with no credentials in it."""


class Latency(BaseModel):
    """From the capture of a frame to its published result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    p50_ms: float
    p95_ms: float


class Status(BaseModel):
    """How the whole loop does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: float
    """Seconds since 1970-01-01 UTC."""
    uptime_seconds: float
    sources: tuple[SourceStatus, ...]
    frames: int
    faces: int
    fps: float
    latency: Latency | None
    stages: dict[str, StageFigures]
    model: str
    precision: str
    backend: str
    detector: str
    cpu_temperature_celsius: float | None
    rss_bytes: int
