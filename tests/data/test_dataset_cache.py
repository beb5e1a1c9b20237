"""A source is decoded once; the cache can be damaged or unwritable without harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_emotion.data import Split, load_dataset


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGE_EMOTION_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry_of(cache: Path) -> Path:
    (entry,) = (cache / "datasets").iterdir()
    return entry


def mark(entry: Path) -> None:
    """Make every kept face black, so that a reading from the cache is seen."""
    with np.load(entry) as kept:
        arrays = dict(kept)
    np.savez(entry, **arrays | {"images": np.zeros_like(arrays["images"])})


def test_second_reading_comes_from_the_cache(
    tmp_path: Path, own_cache: Path, make_folders: Callable[..., Path]
) -> None:
    source = make_folders(tmp_path / "fer")
    assert load_dataset(source, Split.TRAIN).images.any()
    mark(entry_of(own_cache))
    assert not load_dataset(source, Split.TRAIN).images.any()
    assert not load_dataset(source, Split.TEST).images.any()


@pytest.mark.parametrize("damage", ["truncated", "bit", "empty", "foreign", "array", "fewer"])
def test_damaged_entry_is_rebuilt(
    tmp_path: Path, own_cache: Path, make_folders: Callable[..., Path], damage: str
) -> None:
    source = make_folders(tmp_path / "fer")
    before = load_dataset(source, Split.TRAIN)
    entry = entry_of(own_cache)
    mark(entry)
    content = bytearray(entry.read_bytes())
    if damage == "truncated":
        entry.write_bytes(content[: len(content) // 2])
    elif damage == "bit":
        content[5000] ^= 1
        entry.write_bytes(content)
    elif damage == "empty":
        entry.write_bytes(b"")
    elif damage == "foreign":
        np.savez(entry, faces=np.zeros(3))
    elif damage == "array":
        with entry.open("wb") as stream:
            np.save(stream, np.zeros(3))
    else:
        with np.load(entry) as kept:
            np.savez(entry, **dict(kept) | {"labels": kept["labels"][:-1]})
    np.testing.assert_array_equal(load_dataset(source, Split.TRAIN).images, before.images)
    mark(entry_of(own_cache))
    assert not load_dataset(source, Split.TRAIN).images.any()


def test_unwritable_cache_costs_nothing_but_time(
    tmp_path: Path, own_cache: Path, make_folders: Callable[..., Path]
) -> None:
    own_cache.write_text("a file where the folder would be")
    source = make_folders(tmp_path / "fer")
    for _ in range(2):
        assert len(load_dataset(source, Split.TRAIN)) == 14
    assert own_cache.is_file()


def test_changed_source_is_read_again(
    tmp_path: Path, own_cache: Path, make_folders: Callable[..., Path]
) -> None:
    source = make_folders(tmp_path / "fer")
    assert len(load_dataset(source, Split.TRAIN)) == 14
    (source / "train" / "sad" / "Training_0.png").unlink()
    assert len(load_dataset(source, Split.TRAIN)) == 13
    assert len(list((own_cache / "datasets").iterdir())) == 2
