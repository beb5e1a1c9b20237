"""Read FER-2013 in every layout it is handed around in, or draw faces that stand in for it."""

from __future__ import annotations

from edge_emotion.data.faceset import DatasetWarning, FaceSet, Split
from edge_emotion.data.source import SYNTHETIC, load_dataset
from edge_emotion.data.summary import DatasetSummary, summarise

__all__ = [
    "SYNTHETIC",
    "DatasetSummary",
    "DatasetWarning",
    "FaceSet",
    "Split",
    "load_dataset",
    "summarise",
]
