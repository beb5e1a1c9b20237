"""What a camera and a face detector do to a face that FER-2013's faces were spared.

Every corruption has three magnitudes, which were settled by what cameras do and by looking at the
faces, before any model was measured on them: the first is hardly visible, the second is what a
working camera gives on an ordinary bad day, the third is hard for people too. All are in the units
of the 48×48 face that a model is given, because that is what is left of any frame.

Chance (a direction, a sign, a place, noise) is drawn from a generator that the face's own pixels
seed: the same face is always spoilt in the same way, in any order or batch, and the three
severities of one face differ in magnitude alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edge_emotion.backends import Faces
from edge_emotion.emotions import FACE_SIZE

SEVERITIES = (1, 2, 3)

_CENTRE = (FACE_SIZE - 1) / 2
_GAMMA = 2.2
"""Exponent between a pixel's value and the light that made it (sRGB, roughly)."""
_FULL_WELL = 2000.0
"""Photons that make a pixel white: a phone's sensor pixel holds some thousands of electrons."""

Face = npt.NDArray[np.uint8]
Spoil = Callable[[Face, float, np.random.Generator], Face]


@dataclass(frozen=True)
class Corruption:
    """One thing that goes wrong.

    Args:
        name: as reports call it.
        magnitudes: for each of ``SEVERITIES``, in a unit of its own.
        spoil: uint8 (48, 48), a magnitude and a source of chance → uint8 (48, 48).
    """

    name: str
    magnitudes: tuple[float, float, float]
    spoil: Spoil

    def apply(self, faces: Faces, severity: int) -> Faces:
        """Spoil each face on its own: uint8 (N, 48, 48), as ``faces``.

        Args:
            faces: left as they are.
            severity: one of ``SEVERITIES``.
        """
        magnitude = self.magnitudes[SEVERITIES.index(severity)]
        kind = zlib.crc32(self.name.encode())
        spoilt = np.empty_like(faces)
        for place, face in zip(spoilt, faces, strict=True):
            random = np.random.default_rng([kind, zlib.crc32(face.tobytes())])
            place[:] = self.spoil(face, magnitude, random)
        return spoilt


def _shift(face: Face, distance: float, random: np.random.Generator) -> Face:
    angle = random.uniform(0, 2 * np.pi)
    matrix = np.eye(2, 3)
    matrix[:, 2] = distance * np.cos(angle), distance * np.sin(angle)
    return _warp(face, matrix)


def _scale(face: Face, fraction: float, random: np.random.Generator) -> Face:
    factor = 1 + fraction
    return _warp(face, _turn_and_zoom(0.0, factor if random.random() < 0.5 else 1 / factor))


def _rotate(face: Face, degrees: float, random: np.random.Generator) -> Face:
    return _warp(face, _turn_and_zoom(degrees if random.random() < 0.5 else -degrees, 1.0))


def _blur(face: Face, sigma: float, random: np.random.Generator) -> Face:  # noqa: ARG001
    return _grey(cv2.GaussianBlur(face, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))


def _darken(face: Face, stops: float, random: np.random.Generator) -> Face:
    photons = (face / 255.0) ** _GAMMA * (_FULL_WELL / 2**stops)
    caught = random.poisson(photons) / _FULL_WELL
    return _grey(np.rint(255 * np.minimum(caught, 1.0) ** (1 / _GAMMA)))


def _noise(face: Face, deviation: float, random: np.random.Generator) -> Face:
    return _grey(np.rint(face + deviation * random.standard_normal(face.shape)).clip(0, 255))


def _jpeg(face: Face, quality: float, random: np.random.Generator) -> Face:  # noqa: ARG001
    encoded = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return _grey(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))


def _shrink(face: Face, side: float, random: np.random.Generator) -> Face:  # noqa: ARG001
    small = cv2.resize(face, (int(side), int(side)), interpolation=cv2.INTER_AREA)
    return _grey(cv2.resize(small, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_LINEAR))


def _occlude(face: Face, fraction: float, random: np.random.Generator) -> Face:
    grey, centre = random.integers(0, 256), random.uniform(0.25, 0.75, 2) * FACE_SIZE
    low = np.rint(centre - fraction * FACE_SIZE / 2).astype(int).clip(0)
    high = np.rint(centre + fraction * FACE_SIZE / 2).astype(int)
    hidden = face.copy()
    hidden[low[0] : high[0], low[1] : high[1]] = grey
    return hidden


def _turn_and_zoom(degrees: float, factor: float) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.getRotationMatrix2D((_CENTRE, _CENTRE), degrees, factor), np.float64)


def _warp(face: Face, matrix: npt.NDArray[np.float64]) -> Face:
    """Move pixels; what comes in over the border is the face mirrored there."""
    size = (FACE_SIZE, FACE_SIZE)
    border = cv2.BORDER_REFLECT_101
    return _grey(cv2.warpAffine(face, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border))


def _grey(pixels: npt.NDArray[np.generic] | None) -> Face:
    return np.asarray(pixels, np.uint8)


# Why these magnitudes. crop_shift: 1, 3 and 6 pixels; the box then overlaps the right one by 0.96,
# 0.88 and 0.78 (intersection over union), and detectors are called right from 0.5 on. crop_scale:
# detectors frame a face from 4 to 25 % tighter or wider than one another. rotation: heads lean by 4
# degrees unnoticed, by 10 in talk, by 20 on purpose, and the pipeline does not straighten them.
# blur: deviation in pixels of a lens a little out of focus, or of a hand that moves; 1 pixel is
# 3 mm on a face. low_light: stops below the right exposure, with the noise of the photons that
# are left; a face against a window is 2 stops under. noise: deviation in grey levels; 10 is a
# webcam at its highest gain. jpeg: quality; 75 is a camera's usual setting, 40 that of a narrow
# link. low_resolution: pixels across the crop; a camera of 640 pixels and 78 degrees sees the 20 cm
# of a crop in 40, 24 and 16 pixels from 2, 3.3 and 5 m. occlusion: side of a square; 2, 8 and 18 %
# of the area: a finger, a microphone, a hand.
CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption("crop_shift", (1.0, 3.0, 6.0), _shift),
    Corruption("crop_scale", (0.04, 0.12, 0.25), _scale),
    Corruption("rotation", (4.0, 10.0, 20.0), _rotate),
    Corruption("blur", (0.5, 0.9, 1.5), _blur),
    Corruption("low_light", (0.5, 2.0, 4.0), _darken),
    Corruption("noise", (4.0, 10.0, 22.0), _noise),
    Corruption("jpeg", (75.0, 40.0, 15.0), _jpeg),
    Corruption("low_resolution", (40.0, 24.0, 16.0), _shrink),
    Corruption("occlusion", (0.15, 0.28, 0.42), _occlude),
)
