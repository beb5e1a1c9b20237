"""Fit the temperature of one model file for its manifest."""

from __future__ import annotations

from edge_emotion.artifact import Manifest
from edge_emotion.backends import Logits
from edge_emotion.evaluation import Labels, cross_fit, fit_temperature
from edge_emotion.figures import CalibrationFigure, Measurement


def calibrate(
    manifest: Manifest, logits: Logits, labels: Labels, measurement: Measurement
) -> Manifest:
    """The manifest with a temperature, and with what temperature scaling brings.

    The temperature fits all images; the calibration error is cross-fitted, so it is never told of
    images by a temperature that they chose.

    Args:
        manifest: of the file that gave the logits.
        logits: (N, 7), N at least 2.
        labels: (N,), positions in ``Emotion``.
        measurement: where the logits come from.

    Raises:
        DataError: there are fewer than two images.
    """
    found = cross_fit(logits, labels)
    figure = CalibrationFigure(
        **measurement.model_dump(),
        ece_uncalibrated=found.ece_uncalibrated,
        ece_cross_fitted=found.ece_cross_fitted,
    )
    temperature = fit_temperature(logits, labels)
    return manifest.model_copy(update={"temperature": temperature, "calibration": figure})
