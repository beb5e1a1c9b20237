"""YuNet in FP32, BF16 and INT8 at several input sizes: faces found, and milliseconds.

    python benchmarks/detectors.py --data archive.zip

Needs the pictures that scikit-image brings (``pip install --no-deps scikit-image``), the train
extra and YuNet's weights. The scenes are made in memory and never written: two
public-domain portraits and faces of FER-2013's PublicTest, 32 to 192 pixels wide, laid on
photographs without people. FER-2013's pictures end at the face's edge and are laid on as they are,
which no camera shows: they tell variants apart, not how many faces are found in life. INT8 is ONNX
Runtime's static quantisation (Q/DQ, unsigned activations, weights per channel), calibrated on
scenes with other faces (Training) and other photographs. Writes ``results/detectors.json``.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from photographs import ground, photograph

from edge_emotion.backends import LoadOptions
from edge_emotion.backends.base import InferencePrecision
from edge_emotion.backends.graph import load_graph
from edge_emotion.bench.environment import read_environment
from edge_emotion.bench.timing import Lane, measure
from edge_emotion.camera.clip import HOPPER
from edge_emotion.data import Split, load_dataset
from edge_emotion.jsonio import write_json
from edge_emotion.vision import Picture
from edge_emotion.vision.anchors import Anchors
from edge_emotion.vision.image import read_image
from edge_emotion.vision.opencv import cv2
from edge_emotion.vision.scale import scaled_down
from edge_emotion.vision.suppress import kept, overlaps
from edge_emotion.vision.weights import verified_yunet
from edge_emotion.vision.yunet import MOST_OVERLAP, THRESHOLD

RESULT = Path(__file__).parent / "results" / "detectors.json"
WIDTH, HEIGHT = 1280, 720
SIZES = (256, 320, 448, 512, 640)
FACE_WIDTHS = (32, 40, 48, 64, 96, 128, 192)
HEADS, CROPS = "heads", "crops"
"""Portraits with hair and shoulders; FER-2013's pictures, which end at the face's edge."""
SAME = 0.5
"""Least intersection over union of a found and a true box."""
GROUNDS = ("coffee.png", "rocket.jpg", "motorcycle_left.png", "brick.png")
OTHER_GROUNDS = ("chelsea.png", "gravel.png", "motorcycle_right.png")
PORTRAITS = {
    "astronaut.png": (slice(40, 260), slice(130, 320), (45, 28, 100, 132)),
    HOPPER.name: (slice(40, 340), slice(120, 400), (45, 62, 178, 216)),
}
"""File → rows and columns of the head, and in them left, top, width and height of the face."""

Variant = tuple[str, str, InferencePrecision]
"""Weights, backend, and in what it computes the layers that are in floating point."""
VARIANTS: tuple[Variant, ...] = (
    ("fp32", "onnxruntime", "f32"),
    ("fp32", "openvino", "f32"),
    ("fp32", "openvino", "bf16"),
    ("int8", "onnxruntime", "f32"),
    ("int8", "openvino", "f32"),
)

Rows = np.ndarray


@dataclass(frozen=True)
class Cutout:
    """A picture with one face, of a ``kind``; the box is left, top, width and height in it."""

    kind: str
    picture: Picture
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Scene:
    """A picture with known faces: their boxes, float32, (N, 4), and of what kind each is."""

    picture: Picture
    boxes: Rows
    kinds: list[str]


def cutouts(data: str, split: Split, count: int, seed: int) -> list[Cutout]:
    """Faces of a split of FER-2013, whose pictures are the faces' boxes."""
    images = load_dataset(data, split).images
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return [Cutout(CROPS, cv2.merge([images[index]] * 3), (0, 0, 48, 48)) for index in chosen]


def portraits() -> list[Cutout]:
    """Two heads in colour."""
    found = []
    for file in (photograph("astronaut.png"), HOPPER):
        rows, columns, box = PORTRAITS[file.name]
        found.append(Cutout(HEADS, np.ascontiguousarray(read_image(file)[rows, columns]), box))
    return found


def scenes(faces: Sequence[Cutout], grounds: Sequence[str], seed: int) -> Iterator[Scene]:
    """Each face once, eight to a scene, each in a cell of its own, sizes in turn."""
    random = np.random.default_rng(seed)
    pictures = [ground(name, WIDTH, HEIGHT) for name in grounds]
    cells = [(x, y) for y in (0, 360) for x in (0, 320, 640, 960)]
    for start in range(0, len(faces) - len(cells) + 1, len(cells)):
        canvas = pictures[start // len(cells) % len(pictures)].copy()
        boxes = []
        for number, (x, y) in enumerate(cells):
            face = faces[start + number]
            width = FACE_WIDTHS[(start + number) % len(FACE_WIDTHS)]
            boxes.append(paste(canvas, face, width, (x, y), random))
        kinds = [face.kind for face in faces[start : start + len(cells)]]
        yield Scene(canvas, np.array(boxes, np.float32), kinds)


def paste(
    canvas: Picture,
    face: Cutout,
    width: int,
    cell: tuple[int, int],
    random: np.random.Generator,
) -> tuple[float, float, float, float]:
    """Lay a face of some width anywhere in a cell of 320×360; where its box is then."""
    scale = width / face.box[2]
    size = [max(round(side * scale), 1) for side in face.picture.shape[1::-1]]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    print_ = cv2.resize(face.picture, size, interpolation=how)
    x = cell[0] + int(random.integers(0, max(320 - size[0], 1)))
    y = cell[1] + int(random.integers(0, max(360 - size[1], 1)))
    target = canvas[y : y + size[1], x : x + size[0]]
    target[:] = print_[: target.shape[0], : target.shape[1]]
    left, top, across, down = (value * scale for value in face.box)
    return x + left, y + top, across, down


def network_input(picture: Picture, size: int) -> tuple[np.ndarray, float]:
    """What the network is given of a scene: float32, (1, 3, height, width), and the scale."""
    small, scale = scaled_down(picture, size)
    height = -(-small.shape[0] // 32) * 32
    padded = np.zeros((height, size, 3), np.uint8)
    padded[: small.shape[0], : small.shape[1]] = small
    planes = padded.transpose(2, 0, 1)[None]
    return np.ascontiguousarray(planes, np.float32), scale


class Scenes(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime publishes no types
    """Calibration inputs, as the quantiser asks for them."""

    def __init__(self, inputs: Sequence[np.ndarray]) -> None:
        self._inputs = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next input, or ``None``."""
        following = next(self._inputs, None)
        return None if following is None else {"input": following}


def quantised(content: bytes, inputs: Sequence[np.ndarray]) -> bytes:
    """YuNet with Q/DQ operators."""
    logging.disable(logging.WARNING)
    newer = onnx.version_converter.convert_version(onnx.load_from_string(content), 17)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(newer, source)
        quantize_static(
            source,
            target,
            Scenes(inputs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", "MaxPool", "Add", "Resize"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return target.read_bytes()


def accuracy(
    content: bytes, variant: tuple[str, str, Any], size: int, views: Sequence[Scene]
) -> dict[str, Any]:
    """Recall, precision and closeness of boxes over all scenes."""
    inputs = [network_input(scene.picture, size) for scene in views]
    shape = inputs[0][0].shape
    anchors = Anchors(shape[3], shape[2])
    hits: dict[tuple[str, int], list[bool]] = {
        (kind, width): [] for kind in (HEADS, CROPS) for width in FACE_WIDTHS
    }
    closeness, found_boxes, right = [], 0, 0
    options = LoadOptions(inference_precision=variant[2])
    with load_graph(content, shape, options, variant[1]) as graph:
        for scene, (pixels, scale) in zip(views, inputs, strict=True):
            rows = anchors.faces(graph.run(pixels), THRESHOLD)
            boxes = rows[kept(rows[:, :4], MOST_OVERLAP), :4] / np.float32(scale)
            shared = overlaps(scene.boxes, boxes)
            best = shared.max(axis=1) if len(boxes) else np.zeros(len(scene.boxes))
            for kind, width, value in zip(scene.kinds, scene.boxes[:, 2], best, strict=True):
                hits[kind, round(float(width))].append(bool(value >= SAME))
            closeness += best[best >= SAME].tolist()
            found_boxes += len(boxes)
            right += int((shared.max(axis=0) >= SAME).sum()) if len(boxes) else 0
    return {
        "recall": {kind: share(hits, kind, FACE_WIDTHS) for kind in (HEADS, CROPS)},
        "precision": round(right / max(found_boxes, 1), 4),
        "mean_iou": round(float(np.mean(closeness)), 4),
        "recall_by_face_width": {
            kind: {str(width): share(hits, kind, [width]) for width in FACE_WIDTHS}
            for kind in (HEADS, CROPS)
        },
    }


def share(
    hits: dict[tuple[str, int], list[bool]], kind: str, widths: Sequence[int]
) -> float | None:
    """Recall of faces of a kind and of some widths; ``None`` if there are none."""
    found = [hit for width in widths for hit in hits[kind, width]]
    return round(float(np.mean(found)), 4) if found else None


def latencies(contents: dict[str, bytes], seconds: float) -> dict[tuple[Variant, int, int], Lane]:
    """One lane for each variant, input size and number of threads, timed in turns."""
    lanes = {}
    for variant in VARIANTS:
        for size in SIZES:
            shape = (1, 3, -(-size * HEIGHT // WIDTH // 32) * 32, size)
            pixels = np.random.default_rng(0).random(shape, np.float32) * np.float32(255)
            for threads in (1, 2):
                options = LoadOptions(threads, variant[2])
                graph = load_graph(contents[variant[0]], shape, options, variant[1])
                lanes[variant, size, threads] = Lane(graph.run, [pixels])
    for threads in (1, 2):  # apart: a runtime's waiting workers would disturb the single ones
        measure([lane for (_, _, each), lane in lanes.items() if each == threads], seconds)
    return lanes


@click.command()
@click.option("--data", required=True, help="FER-2013.")
@click.option("--faces", default=800, show_default=True, help="Faces in all scenes.")
@click.option("--seconds", default=0.3, show_default=True, help="Timed for each row.")
def main(data: str, faces: int, seconds: float) -> None:
    """Quantise, look for faces, time, and write the result."""
    original = verified_yunet()
    others = scenes(cutouts(data, Split.TRAIN, 320, 1), OTHER_GROUNDS, 1)
    calibration = [network_input(scene.picture, 320)[0] for scene in others]
    contents = {"fp32": original, "int8": quantised(original, calibration)}
    shown = portraits() * (faces // 8)
    shown += cutouts(data, Split.PUBLIC, faces - len(shown), 0)
    order = np.random.default_rng(2).permutation(len(shown))
    views = list(scenes([shown[index] for index in order], GROUNDS, 0))
    timed = latencies(contents, seconds)
    rows = []
    for variant in VARIANTS:
        for size in SIZES:
            row = {
                "weights": variant[0],
                "backend": variant[1],
                "float_layers": variant[2],
                "size": size,
                **accuracy(contents[variant[0]], variant, size, views),
            }
            for threads in (1, 2):
                samples = np.concatenate(timed[variant, size, threads].rounds_ns) / 1e6
                row[f"ms_{threads}_threads"] = {
                    f"p{p}": round(float(np.percentile(samples, p)), 4) for p in (5, 50, 95)
                }
            rows.append(row)
            print(
                f"{variant[0]} {variant[1]:<12} {variant[2]:<5} {size:>4} px  "
                f"recall {row['recall'][HEADS]:.3f} {row['recall'][CROPS]:.3f}  "
                f"precision {row['precision']:.3f}  "
                f"IoU {row['mean_iou']:.3f}  p50 {row['ms_1_threads']['p50']:.2f} / "
                f"{row['ms_2_threads']['p50']:.2f} ms"
            )
    write_json(
        RESULT,
        {
            "scenes": len(views),
            "faces": sum(len(scene.boxes) for scene in views),
            "threshold": THRESHOLD,
            "rows": rows,
            "environment": read_environment().model_dump(mode="json"),
        },
    )


if __name__ == "__main__":
    main()
