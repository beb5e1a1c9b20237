"""What a benchmark writes: the report, and the raw samples every figure comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from edge_emotion.artifact import Encoding, Precision
from edge_emotion.backends.base import InferencePrecision
from edge_emotion.bench.agreement import Agreement, Recognition
from edge_emotion.bench.audit import Audit
from edge_emotion.bench.checks import GATE, Checks
from edge_emotion.bench.conditions import Conditions
from edge_emotion.bench.contest import PrecisionChoice
from edge_emotion.bench.energy import Energy
from edge_emotion.bench.environment import Environment
from edge_emotion.bench.figures import Latency
from edge_emotion.bench.frozen import Fraction, Frozen, RowIdentity, RowKey
from edge_emotion.bench.memory import Memory
from edge_emotion.bench.roofline import Position, Roofline
from edge_emotion.bench.scenarios import Scenarios
from edge_emotion.bench.stages import Stages
from edge_emotion.emotions import LABELS
from edge_emotion.errors import DataError, first_fault

Nanoseconds = Annotated[int, Field(gt=0)]

UNSTABLE = 0.1
"""Width of a median's interval, as a share of it, from which a row is flagged: ±5 %."""


class Result(RowIdentity):
    """One row of the report; figures that were not measured are ``None``."""

    status: Literal["ok", "skipped", "failed"]
    reason: str | None = None
    """Why there are no figures: one line; ``None`` when there are."""
    inference_precision: InferencePrecision = "f32"
    """What layers that are not quantised were told to compute in."""
    latency_ms: Latency | None = None
    p50_ci95_ms: tuple[float, float] | None = None
    """Bootstrap interval of ``latency_ms.p50`` over the rounds."""
    variation: float | None = None
    """Coefficient of variation of the rounds' medians."""
    throughput_ips: float | None = None
    """Images per second: batch / mean latency."""
    accuracy: Fraction | None = None
    accuracy_ci95: tuple[Fraction, Fraction] | None = None
    """Wilson interval."""
    accuracy_leak_free: Fraction | None = None
    """On the images that are near no training image; ``None`` where that is not known."""
    agreement_with_fp32: Fraction | None = None
    """Share of images with the class that the FP32 model gives on the same backend."""
    accuracy_over_fp32: float | None = None
    """``accuracy`` ÷ that of the FP32 model on the same backend."""
    file_bytes: int | None = None
    """Size of the file that ran."""
    cold_start_ms: float | None = None
    """From loading to the first result, with an empty cache, the runtime being imported already."""
    compile_ms: float | None = None
    """Of ``cold_start_ms``, until the file was read and compiled."""
    warm_start_ms: float | None = None
    """As ``cold_start_ms``, with what the runtime had cached when it was loaded before."""
    effective_precision: dict[str, int] | None = None
    """Executed precision → compute layers, as the runtime tells; empty where it does not."""
    audit: Audit | None = None
    """The layers that did not run in INT8; ``None`` where the runtime lists no layers."""
    checks: Checks | None = None
    """Whether the timed run did the work that accuracy was measured on."""
    energy: Energy | None = None
    """Of one call, where the machine has a meter."""
    memory: Memory | None = None
    """Of the process, before and after loading it and the first result."""
    scenarios: Scenarios | None = None
    """Requests at random and all images at once; ``None`` where nobody asked."""
    stages: Stages | None = None
    """With pre-processing, and in the camera loop; ``None`` where nobody asked."""
    roofline: Position | None = None
    """Where the row stands under the report's roofs; ``None`` where they do not hold for it."""

    @property
    def latency(self) -> Latency:
        """``latency_ms`` of a row that was measured.

        Raises:
            ValueError: it was not.
        """
        if self.latency_ms is None:
            raise ValueError(f"row {self.key} was not measured")
        return self.latency_ms

    @property
    def unstable(self) -> bool:
        """Whether the machine left its median uncertain by more than ``UNSTABLE``."""
        if self.p50_ci95_ms is None:
            return False
        low, high = self.p50_ci95_ms
        return (high - low) / self.latency.p50 > UNSTABLE

    @property
    def below_gate(self) -> bool:
        """Whether it keeps less of FP32's accuracy than ``GATE``."""
        return self.accuracy_over_fp32 is not None and self.accuracy_over_fp32 < GATE

    @model_validator(mode="after")
    def _figures_or_reason(self) -> Result:
        found = (self.latency_ms is not None, self.reason is not None)
        if found != ((True, False) if self.status == "ok" else (False, True)):
            raise ValueError("a row has figures when its status is ok, and a reason otherwise")
        return self


class MeasuredModel(Frozen):
    """A file that ran: backends may each run another encoding of one model."""

    model: str
    precision: Precision
    encoding: Encoding
    network: str
    file: str
    sha256: str
    macs: int
    parameters: int
    backends: tuple[str, ...]


class Dataset(Frozen):
    """What accuracy was measured on."""

    source_sha256: str
    split: str
    images: int = Field(gt=0)
    leak_free_images: int | None = None
    """Those near no training image of the same source; ``None`` where it has none."""


class Method(Frozen):
    """How latency was measured."""

    clock: str
    rounds: int
    seconds_per_row: float
    distinct_inputs: int
    inputs: str


class Report(Frozen):
    """``report.json``."""

    schema_id: Literal["edge-emotion/benchmark/1"] = Field(
        default="edge-emotion/benchmark/1",
        validation_alias="schema",
        serialization_alias="schema",
    )
    environment: Environment
    after: Conditions | None = None
    """What had changed on the machine when the last row was timed."""
    method: Method
    dataset: Dataset | None
    models: tuple[MeasuredModel, ...]
    results: tuple[Result, ...]
    precision_choices: tuple[PrecisionChoice, ...] = ()
    """What to ship, for every network, backend and setting measured in several precisions."""
    recognition: tuple[Recognition, ...] = ()
    """How much of each class every model recognises on every backend."""
    agreements: tuple[Agreement, ...] = ()
    """Every pair of precisions and backends of one network, by their answers."""
    roofline: Roofline | None = None

    @property
    def measured(self) -> tuple[Result, ...]:
        """The rows that have figures."""
        return tuple(row for row in self.results if row.status == "ok")

    def network_of(self, row: Result) -> str | None:
        """The network that a row ran: of its file, which may be wider than the row's precision."""
        of_model = [one for one in self.models if one.model == row.model]
        own = [one for one in of_model if one.precision == row.precision]
        return next((one.network for one in own or of_model), None)


class RowSamples(RowIdentity):
    """Everything that was measured for one row."""

    rounds_ns: tuple[tuple[Nanoseconds, ...], ...]
    """Duration of every timed call, round by round; rounds of all rows were interleaved."""
    predictions: str | None = None
    """Predicted class of every image of the dataset, a digit each (0 is the first label)."""

    @property
    def samples_ns(self) -> list[int]:
        """All rounds in one list."""
        return [sample for one_round in self.rounds_ns for sample in one_round]


class Samples(Frozen):
    """``samples.json``: what the figures of a report are derived from."""

    schema_id: Literal["edge-emotion/samples/1"] = Field(
        default="edge-emotion/samples/1",
        validation_alias="schema",
        serialization_alias="schema",
    )
    labels: tuple[str, ...] = LABELS
    truth: str | None
    """True class of every image, in the digits of ``RowSamples.predictions``."""
    seen: str | None = None
    """Whether an image is near a training image (1) or not (0), of every image."""
    rows: tuple[RowSamples, ...]
    yardstick_rounds_ns: tuple[tuple[Nanoseconds, ...], ...] = ()
    """Duration of every call of the yardstick, in the same rounds."""

    def by_row(self) -> dict[RowKey, RowSamples]:
        """Samples by the row they belong to."""
        return {row.key: row for row in self.rows}


def report_schema() -> str:
    """The JSON schema of ``report.json``, as ``docs/report.schema.json`` has it."""
    return (
        json.dumps(Report.model_json_schema(by_alias=True, mode="serialization"), indent=2) + "\n"
    )


def read_report(path: Path) -> Report:
    """Read and validate a ``report.json``.

    Raises:
        DataError: it cannot be read, or is not a report of this schema.
    """
    return _read(Report, path, "a benchmark report")


def read_samples(path: Path) -> Samples:
    """Read and validate a ``samples.json``.

    Raises:
        DataError: it cannot be read, or is not of this schema.
    """
    return _read(Samples, path, "a benchmark's samples")


_Document = TypeVar("_Document", bound=Frozen)


def _read(kind: type[_Document], path: Path, what: str) -> _Document:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except ValidationError as error:
        raise DataError(
            f"{path} is not {what} of this version: {first_fault(error)}",
            "run 'edge-emotion benchmark' again",
        ) from error
