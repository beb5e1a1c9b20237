"""The base of everything that a report is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_emotion.backends.base import InferencePrecision

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
RowPrecision = Literal["fp32", "fp16", "bf16", "int8"]
"""What a row runs in: its file's precision, or the narrower one a float file was run in."""
NARROWED: dict[InferencePrecision, RowPrecision] = {"bf16": "bf16", "f16": "fp16"}
"""What a row of a float file runs in, by what its layers were told to compute in."""
RowKey = tuple[str, RowPrecision, str, int, int]
"""Model, precision, backend, threads, batch."""


class Frozen(BaseModel):
    """Unchangeable, and refusing keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class RowIdentity(Frozen):
    """The five things that make a measurement comparable with no other."""

    model: str
    precision: RowPrecision
    backend: str
    threads: int = Field(gt=0)
    batch: int = Field(gt=0)

    @property
    def key(self) -> RowKey:
        """All five."""
        return (self.model, self.precision, self.backend, self.threads, self.batch)
