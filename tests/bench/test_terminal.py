from __future__ import annotations

import io

from rich.console import Console

from edge_emotion.bench.terminal import render_terminal
from tests.bench.reports import report, row


def test_no_figure_is_cut_in_a_narrow_terminal() -> None:
    rows = [
        row(name, "int8", p50, backend=backend, batch=batch, correct=2460)
        for name in ("small", "a-model-with-a-long-name")
        for backend, p50 in (("openvino", 0.1234), ("onnxruntime-tensorrt", 12.34))
        for batch in (1, 16)
    ]
    screen = io.StringIO()
    Console(file=screen, width=80).print(render_terminal(report(*rows)))
    text = screen.getvalue()
    assert "…" not in text
    header = text.splitlines()[0].split()
    assert header == ["model", "backend", "batch", "p50", "ms", "p99", "ms", "faces/s", "accuracy"]
    assert text.count("68.5 %") >= len(rows)
    for figure in ("0.123", "12.3", "8,104", "1,297"):
        assert figure in text
