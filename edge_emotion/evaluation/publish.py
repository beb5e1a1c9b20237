"""Write an evaluation to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edge_emotion.evaluation.metrics import Metrics
from edge_emotion.evaluation.robustness import Robustness
from edge_emotion.jsonio import output_directory, write_json, write_text

NO_PICTURES = "no pictures: matplotlib draws them, pip install 'edge-emotion[report]'"


def publish(
    folder: Path,
    document: Mapping[str, Any],
    subject: str,
    metrics: Metrics,
    robustness: Robustness | None,
) -> list[Path]:
    """Write ``evaluation.json``, ``confusion.svg``, and ``robustness.svg`` where it was measured.

    Pictures exist only where matplotlib is installed; one of an earlier evaluation that this one
    does not replace is removed.

    Args:
        folder: created if need be.
        document: what ``evaluate --json`` prints.
        subject: what was judged and on what, for the pictures' titles.
        metrics: its confusion is drawn.
        robustness: drawn where it is there.

    Returns:
        The files written.

    Raises:
        OutputError: the folder cannot be written.
    """
    output_directory(folder)
    written = [folder / "evaluation.json"]
    write_json(written[0], document)
    pictures = {"confusion.svg": "", "robustness.svg": ""}
    if find_spec("matplotlib"):
        from edge_emotion.evaluation.confusion_plot import confusion_plot
        from edge_emotion.evaluation.robustness_plot import robustness_plot

        pictures["confusion.svg"] = confusion_plot(metrics, subject)
        if robustness is not None:
            pictures["robustness.svg"] = robustness_plot(robustness, subject)
    for name, svg in pictures.items():
        if svg:
            write_text(folder / name, svg)
            written.append(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    return written
