"""How rows and figures are written for people."""

from __future__ import annotations

from datetime import datetime, timezone

from edge_emotion.bench.contest import PrecisionChoice
from edge_emotion.bench.frozen import NARROWED, RowPrecision
from edge_emotion.bench.report import Result

_BACKENDS = {
    "openvino": "OpenVINO",
    "onnxruntime": "ONNX Runtime",
    "onnxruntime-cuda": "ONNX Runtime CUDA",
    "onnxruntime-tensorrt": "ONNX Runtime TensorRT",
    "tensorrt": "TensorRT",
    "tensorrt-rtx": "TensorRT-RTX",
    "torch": "PyTorch",
}


def backend_name(backend: str) -> str:
    """A backend under the name its makers use."""
    return _BACKENDS.get(backend, backend)


def model_name(row: Result) -> str:
    """The model with its precision, unless its own name tells that already."""
    if row.precision in row.model.lower():
        return row.model
    narrowed = row.precision == NARROWED.get(row.inference_precision)
    return f"{row.model} {'in ' if narrowed else ''}{row.precision}"


def precision_name(precision: RowPrecision) -> str:
    """A precision as a word of a sentence."""
    return precision.upper()


def row_name(row: Result) -> str:
    """A model on a backend."""
    return f"{model_name(row)} · {backend_name(row.backend)}"


def setting_name(row: Result | PrecisionChoice) -> str:
    """Threads and batch size."""
    return f"{row.threads} {'thread' if row.threads == 1 else 'threads'}, batch {row.batch}"


def milliseconds(value: float) -> str:
    """Three significant digits: a benchmark of this kind knows no more."""
    decimals = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"


def percent(share: float) -> str:
    """A fraction as a percentage with one decimal: 0.6812 → ``68.1 %``."""
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """A difference of fractions in percentage points: -0.0012 → ``−0.1 points``."""
    rounded = round(100 * difference, 1)
    if rounded == 0:
        return "within 0.05 points"
    return f"{rounded:+.1f} points".replace("-", "\N{MINUS SIGN}")


def moment(date: datetime) -> str:
    """A date and time in UTC, to the minute."""
    return f"{date.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def interval(bounds: tuple[float, float]) -> str:
    """An interval of fractions in percent: ``66.5–69.6``."""
    low, high = bounds
    return f"{100 * low:.1f}–{100 * high:.1f}"


def size(count: int) -> str:
    """Bytes in decimal units, as file managers and registries give them."""
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def layers(precisions: dict[str, int]) -> str:
    """Executed precisions, most layers first: ``i8 × 19, f32 × 1``."""
    ordered = sorted(precisions.items(), key=lambda item: -item[1])
    parts = (
        f"{precision} × {count}".replace(" ", "\N{NO-BREAK SPACE}") for precision, count in ordered
    )
    return ", ".join(parts) or "not told"
