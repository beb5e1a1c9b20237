"""What one look gives."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Check(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True)

    topic: str
    state: Literal["ok", "warning", "failure"]
    """``warning``: the loop runs, with less; ``failure``: something it needs is not there."""
    found: str
    fix: str | None = None
    """What to do; ``None`` where all is well."""


class Examination(BaseModel):
    """All that was looked at."""

    model_config = ConfigDict(frozen=True)

    schema_id: Literal["edge-emotion/doctor/1"] = Field(
        default="edge-emotion/doctor/1", alias="schema"
    )
    checks: tuple[Check, ...]

    @property
    def failed(self) -> bool:
        """Whether something that the loop needs is not there."""
        return any(check.state == "failure" for check in self.checks)


def ok(topic: str, found: str) -> Check:
    """All is well."""
    return Check(topic=topic, state="ok", found=found)


def warning(topic: str, found: str, fix: str) -> Check:
    """The loop runs, with less."""
    return Check(topic=topic, state="warning", found=found, fix=fix)


def failure(topic: str, found: str, fix: str) -> Check:
    """The loop cannot run, or not with what was asked for."""
    return Check(topic=topic, state="failure", found=found, fix=fix)
