"""Bad input is refused in one line that names the file and the next step."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_emotion.data import Split, load_dataset
from edge_emotion.errors import DataError

MakeFolders = Callable[..., Path]

PIXELS = " ".join(["7"] * 2304)


def refusal(source: Path, split: Split = Split.TRAIN) -> str:
    with pytest.raises(DataError) as caught:
        load_dataset(source, split)
    message = str(caught.value)
    assert str(source) in message
    assert "\n" not in message
    assert "; " in message  # the next step
    return message


def rewritten(folder: Path, extra: dict[str, bytes]) -> Path:
    """The folder as a zip with more members."""
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(folder.rglob("*.*")):
            target.write(path, path.relative_to(folder).as_posix())
        for name, content in extra.items():
            target.writestr(name, content)
    return archive


@pytest.fixture
def folder(tmp_path: Path, make_folders: MakeFolders) -> Path:
    return make_folders(tmp_path / "fer")


def test_no_such_path(tmp_path: Path) -> None:
    assert "no such dataset" in refusal(tmp_path / "nothing.zip")


def test_truncated_zip(folder: Path) -> None:
    archive = rewritten(folder, {})
    archive.write_bytes(archive.read_bytes()[:-300])
    assert "truncated or not a zip" in refusal(archive)


def test_damaged_member_is_named(folder: Path) -> None:
    archive = rewritten(folder, {})
    with zipfile.ZipFile(archive) as opened:
        offset = opened.getinfo("train/fear/Training_1.png").header_offset
    content = bytearray(archive.read_bytes())
    content[offset + 200 : offset + 210] = bytes(10)
    archive.write_bytes(content)
    assert "'train/fear/Training_1.png' cannot be read" in refusal(archive)


def test_encrypted_member(folder: Path) -> None:
    archive = rewritten(folder, {})
    content = bytearray(archive.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.find(signature)
        content[position + flags] |= 1
    archive.write_bytes(content)
    assert "encrypted" in refusal(archive)


def test_empty_class_folder(folder: Path) -> None:
    for image in (folder / "train" / "sad").iterdir():
        image.unlink()
    assert "class folder 'train/sad' holds no images" in refusal(folder)
    archive = shutil.make_archive(str(folder), "zip", folder)
    assert "class folder 'train/sad' holds no images" in refusal(Path(archive))


def test_missing_class_folder(folder: Path) -> None:
    shutil.rmtree(folder / "test" / "fear")
    assert "test/ has no class folder for fear" in refusal(folder)


def test_unknown_class_folder(folder: Path) -> None:
    (folder / "train" / "contempt").mkdir()
    message = refusal(folder)
    assert "'train/contempt'" in message
    assert "angry, disgust, fear, happy, neutral, sad, surprise" in message


def test_several_datasets_side_by_side(tmp_path: Path, make_folders: MakeFolders) -> None:
    make_folders(tmp_path / "a")
    make_folders(tmp_path / "b")
    assert "a/, b/" in refusal(tmp_path)


def test_folder_without_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    assert "no train/ or test/ folder" in refusal(tmp_path)


def grey(suffix: str, height: int = 48, width: int = 48) -> bytes:
    face = np.random.default_rng(1).integers(0, 255, (height, width), np.uint8)
    return bytes(cv2.imencode(suffix, face)[1])


def announcing(width: int, height: int) -> bytes:
    """A whole PNG of a few bytes whose header promises a huge picture."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 100)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>not found</html>", id="html"),
        pytest.param(grey(".jpg")[:700], id="jpeg cut in its scan"),
        pytest.param(grey(".jpg")[:100], id="jpeg cut in its header"),
        pytest.param(grey(".png")[:700], id="png cut"),
        pytest.param(grey(".png")[:20], id="png cut in its header"),
        pytest.param(grey(".png").replace(b"IDAT", b"IDAX"), id="png damaged"),
        pytest.param(announcing(60_000, 60_000), id="png of 3.6 gigapixels"),
        pytest.param(announcing(0, 48), id="png of no pixels"),
    ],
)
def test_corrupt_image_is_named(folder: Path, content: bytes, capfd: pytest.CaptureFixture) -> None:
    (folder / "train" / "happy" / "Training_0.png").write_bytes(content)
    assert "image 'train/happy/Training_0.png' is corrupt" in refusal(folder)
    assert capfd.readouterr() == ("", "")  # the decoder's own complaints would be a second line


@pytest.mark.parametrize(
    "name",
    [
        "../train/sad/x.png",
        "/etc/x.png",
        "train/sad/../../../x.png",
        "C:/x.png",
        "train\\sad\\x.png",
    ],
)
def test_members_that_leave_the_archive(folder: Path, name: str) -> None:
    assert f"unsafe member name {name!r}" in refusal(rewritten(folder, {name: grey(".png")}))


def test_member_that_swells(folder: Path) -> None:
    archive = rewritten(folder, {"train/sad/bomb.png": bytes(200 << 20)})
    assert archive.stat().st_size < 1 << 20
    assert "'train/sad/bomb.png' has 209715200 bytes" in refusal(archive)


def test_pipe_in_place_of_an_image(folder: Path) -> None:
    os.mkfifo(folder / "train" / "sad" / "pipe.png")
    assert "'train/sad/pipe.png' cannot be read: not a regular file" in refusal(folder)


def test_broken_link_in_place_of_an_image(folder: Path) -> None:
    (folder / "train" / "sad" / "link.png").symlink_to("nowhere.png")
    assert "'train/sad/link.png' cannot be read" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "no column emotion or pixels or Usage"),
        ("emotion,pixels\n0,1\n", "no column Usage"),
        ("emotion,pixels,Usage\n", "no rows"),
        (f"emotion,pixels,Usage\n0,{PIXELS[2:]},Training\n", "line 2: pixels are not 2304 numbers"),
        (f"emotion,pixels,Usage\n0,{PIXELS} 7,Training\n", "line 2: pixels are not 2304 numbers"),
        (f"emotion,pixels,Usage\n0,{PIXELS[:-1]}x,Training\n", "line 2: pixels are not"),
        (f"emotion,pixels,Usage\n0,{PIXELS[:-1]}256,Training\n", "line 2: a pixel is 256"),
        (f"emotion,pixels,Usage\n7,{PIXELS},Training\n", "line 2: emotion '7' is not 0 to 6"),
        (f"emotion,pixels,Usage\n0,{PIXELS},Training\n0,{PIXELS},Dev\n", "line 3: Usage 'Dev'"),
        (f"emotion,pixels,Usage\n0,{PIXELS}\n", "line 2: 2 cells instead of 3"),
        ("emotion,pixels,Usage\n0," + "7 " * 70_000 + ",Training\n", "line 2: field larger"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, cause: str) -> None:
    source = tmp_path / "fer2013.csv"
    source.write_text(text)
    assert cause in refusal(source)


def test_csv_that_is_not_text(tmp_path: Path) -> None:
    source = tmp_path / "fer2013.csv"
    source.write_bytes(b"emotion,pixels,Usage\n\xff\xfe\n")
    assert "utf-8" in refusal(source)


@pytest.fixture(scope="session")
def whole_zip(tmp_path_factory: pytest.TempPathFactory, make_folders: MakeFolders) -> bytes:
    folder = make_folders(tmp_path_factory.mktemp("whole") / "fer", splits={"train": "Training"})
    return rewritten(folder, {}).read_bytes()


ANY_BYTES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def only_refuses(source: Path, content: bytes) -> None:
    """Load or raise DataError; anything else fails the test."""
    source.write_bytes(content)
    with suppress(DataError):
        assert len(load_dataset(source, Split.TRAIN)) > 0


@ANY_BYTES
@given(content=st.binary(max_size=400))
def test_arbitrary_bytes_only_ever_raise_data_error(tmp_path: Path, content: bytes) -> None:
    only_refuses(tmp_path / "any.zip", content)
    only_refuses(tmp_path / "any.csv", content)
    only_refuses(tmp_path / "some.csv", b"emotion,pixels,Usage\n" + content)


@ANY_BYTES
@given(position=st.floats(0, 1), patch=st.binary(min_size=1, max_size=8))
def test_a_zip_damaged_anywhere_only_ever_raises_data_error(
    tmp_path: Path, whole_zip: bytes, position: float, patch: bytes
) -> None:
    start = int(position * len(whole_zip))
    only_refuses(
        tmp_path / "damaged.zip", whole_zip[:start] + patch + whole_zip[start + len(patch) :]
    )


@ANY_BYTES
@given(
    head=st.sampled_from([b"", grey(".jpg")[:300], grey(".png")[:60], b"\xff\xd8\xff\xc0"]),
    tail=st.binary(max_size=200),
)
def test_an_image_of_arbitrary_bytes_only_ever_raises_data_error(
    tmp_path: Path, whole_zip: bytes, head: bytes, tail: bytes
) -> None:
    content = io.BytesIO(whole_zip)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("train/sad/any.jpg", head + tail)
    only_refuses(tmp_path / "image.zip", content.getvalue())
