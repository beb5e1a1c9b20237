"""Draw what was read from a face: corner brackets, a label, a bar of its probability.

Everything scales with the picture, and every shape is antialiased.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edge_emotion.emotions import Emotion
from edge_emotion.vision.base import FaceBox, Picture
from edge_emotion.vision.opencv import cv2

Colour = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

COLOURS: dict[Emotion, Colour] = {
    Emotion.ANGRY: (104, 104, 255),
    Emotion.DISGUST: (84, 204, 138),
    Emotion.FEAR: (255, 140, 186),
    Emotion.HAPPY: (64, 204, 255),
    Emotion.NEUTRAL: (220, 214, 208),
    Emotion.SAD: (255, 176, 92),
    Emotion.SURPRISE: (216, 224, 72),
}
"""Each at least 6:1 in contrast (WCAG 2.1) against the dark text on it."""

UNNAMED: Colour = (190, 190, 190)
"""Of a face without an emotion."""

INK: Colour = (30, 22, 18)
"""The dark of text on colour, and of the rim around brackets."""

PAPER: Colour = (245, 245, 245)
"""The light of text on the dark."""

_LINE_SHARE = 0.0032
"""Width of a line as a share of the picture's diagonal ÷ √2."""
_TEXT_SHARE = 0.03
"""Height of a line of text, from the highest letter to the lowest tail, as the same share."""
_OVERSAMPLING = 4
_LINE_UNITS = 36
"""Height of a line in Hershey units: 24 above the baseline, 9 below it, and some room."""
_BASELINE = 0.71
"""Where the baseline is, as a share of the line's height from its top."""


@dataclass(frozen=True)
class Caption:
    """What to write at a face.

    Args:
        text: a few words.
        colour: of the plate behind them, and of the face's brackets.
        probability: shown in per cent and as a bar; ``None`` shows neither.
    """

    text: str
    colour: Colour
    probability: float | None


def draw_face(frame: Picture, box: FaceBox, caption: Caption) -> None:
    """Mark one face on a picture, in place.

    Args:
        frame: BGR picture.
        box: where the face is.
        caption: what to write at it.
    """
    unit = float(np.hypot(*frame.shape[:2])) / np.sqrt(2)
    line = max(round(unit * _LINE_SHARE), 1)
    _brackets(frame, box, INK, line * 2 + 1)
    _brackets(frame, box, caption.colour, line)
    _plate(frame, box, caption, max(round(unit * _TEXT_SHARE), 12))


def draw_notice(frame: Picture, text: str) -> None:
    """Write a line on a dark band along a picture's lower edge, in place.

    Args:
        frame: BGR picture.
        text: shrunk where it is wider than the picture. OpenCV's letters are those of English:
            others lose their accents, or become question marks.
    """
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in letters)
    unit = float(np.hypot(*frame.shape[:2])) / np.sqrt(2)
    height = max(round(unit * _TEXT_SHARE), 12)
    written = _text_mask(plain, height)
    pad = height // 2
    room = max(frame.shape[1] - 2 * pad, 1)
    if written.shape[1] > room:
        written = _text_mask(plain, max(height * room // written.shape[1], 1))
    band = min(written.shape[0] + pad, frame.shape[0])
    top = frame.shape[0] - band
    _blend(frame, np.ones((band, frame.shape[1]), np.float32), 0, top, INK, 0.75)
    left = max((frame.shape[1] - written.shape[1]) // 2, 0)
    _blend(frame, written, left, top + pad // 2, PAPER, 1.0)


def _brackets(frame: Picture, box: FaceBox, colour: Colour, width: int) -> None:
    """The four corners of a box, rounded."""
    right, bottom = box.x + box.width, box.y + box.height
    radius = max(min(box.width, box.height) // 10, 2)
    arm = max(min(box.width, box.height) // 5, 4)
    corners = (
        (box.x, box.y, 1, 1, 180),
        (right, box.y, -1, 1, 270),
        (right, bottom, -1, -1, 0),
        (box.x, bottom, 1, -1, 90),
    )
    for x, y, towards_x, towards_y, angle in corners:
        centre = (x + towards_x * radius, y + towards_y * radius)
        cv2.ellipse(frame, centre, (radius, radius), angle, 0, 90, colour, width, cv2.LINE_AA)
        for start, end in (
            ((centre[0], y), (x + towards_x * arm, y)),
            ((x, centre[1]), (x, y + towards_y * arm)),
        ):
            cv2.line(frame, start, end, colour, width, cv2.LINE_AA)


def _plate(frame: Picture, box: FaceBox, caption: Caption, height: int) -> None:
    """The plate above a box (inside it where there is no room): text, percentage, bar."""
    texts = [_text_mask(caption.text, height)]
    pad, bar = height // 2, max(height // 5, 3)
    tall = height + pad
    if caption.probability is not None:
        texts.append(_text_mask(f"{caption.probability:.0%}", height))
        tall += bar + round(pad * 0.6)
    width = pad + sum(text.shape[1] + pad for text in texts)
    left = _kept_inside(box.x + (box.width - width) // 2, width, frame.shape[1])
    top = box.y - tall - pad if box.y >= tall + pad else box.y + pad
    top = _kept_inside(top, tall, frame.shape[0])
    _blend(frame, _rounded_mask(width, tall, pad), left, top, caption.colour, 0.94)
    text_top, from_left = top + round(pad * 0.5), left + pad
    for text in texts:
        _blend(frame, text, from_left, text_top, INK, 1.0)
        from_left += text.shape[1] + pad
    if caption.probability is None:
        return
    bar_top, longest = text_top + height + round(pad * 0.4), width - 2 * pad
    for length, opacity in ((longest, 0.22), (round(longest * caption.probability), 1.0)):
        mask = _rounded_mask(max(length, bar), bar, bar / 2)
        _blend(frame, mask, left + pad, bar_top, INK, opacity)


def _kept_inside(start: int, length: int, limit: int) -> int:
    return max(min(start, limit - length), 0)


@lru_cache(maxsize=128)
def _text_mask(text: str, height: int) -> npt.NDArray[np.float32]:
    """Coverage of a text line, 0 to 1, (height, width); drawn large and averaged down."""
    rows = height * _OVERSAMPLING
    face, scale = cv2.FONT_HERSHEY_SIMPLEX, rows / _LINE_UNITS
    thickness = max(round(rows / 12), 1)
    (width, _), _ = cv2.getTextSize(text, face, scale, thickness)
    canvas = np.zeros((rows, width + thickness), np.uint8)
    baseline = round(rows * _BASELINE)
    cv2.putText(canvas, text, (thickness // 2, baseline), face, scale, 255, thickness, cv2.LINE_AA)
    return _averaged(canvas, canvas.shape[1] // _OVERSAMPLING, height)


@lru_cache(maxsize=128)
def _rounded_mask(width: int, height: int, radius: float) -> npt.NDArray[np.float32]:
    """Coverage of a rounded rectangle, 0 to 1, (height, width)."""
    canvas = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    bent = min(round(radius * _OVERSAMPLING), min(canvas.shape) // 2)
    rows, columns = canvas.shape
    cv2.rectangle(canvas, (bent, 0), (columns - bent - 1, rows - 1), 255, cv2.FILLED)
    cv2.rectangle(canvas, (0, bent), (columns - 1, rows - bent - 1), 255, cv2.FILLED)
    for x in (bent, columns - bent - 1):
        for y in (bent, rows - bent - 1):
            cv2.circle(canvas, (x, y), bent, 255, cv2.FILLED)
    return _averaged(canvas, width, height)


def _averaged(canvas: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.float32]:
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _blend(
    frame: Picture,
    mask: npt.NDArray[np.float32],
    left: int,
    top: int,
    colour: Colour,
    opacity: float,
) -> None:
    """Mix a colour into the picture where a mask covers it; what leaves the picture is cut."""
    region = frame[top : top + mask.shape[0], left : left + mask.shape[1]]
    cover = mask[: region.shape[0], : region.shape[1], None] * opacity
    mixed = region + (np.asarray(colour, np.float32) - region) * cover
    region[:] = (mixed + 0.5).astype(np.uint8)
