"""Broken labels, arrays and images are refused in one line each, or read."""

import io
from pathlib import Path

import numpy as np
import pytest
from mutations import mutations
from PIL import Image

from search.data.clip_files import read
from search.data.folder import folder

LABELS = b'clip,label,split\na.npy,walk,train\nb.npy,run,train\nc.npy,walk,val\n"d.npy",run,val\n'


def array() -> bytes:
    content = io.BytesIO()
    np.save(content, np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4))
    return content.getvalue()


def image(kind: str, mode: str) -> bytes:
    content = io.BytesIO()
    pixels = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)
    Image.fromarray(pixels).convert(mode).save(content, kind)
    return content.getvalue()


def test_broken_labels(tmp_path: Path, survive, number: int):
    for name in "abcd":
        (tmp_path / f"{name}.npy").write_bytes(array())
    read_well, refused = survive(
        tmp_path / "labels.csv", mutations(LABELS, number), lambda path: folder(path.parent)
    )
    assert read_well > number / 50
    assert refused > number / 4


def test_broken_arrays(tmp_path: Path, survive, number: int):
    read_well, refused = survive(tmp_path / "a.npy", mutations(array(), number), read)
    assert read_well > number / 50
    assert refused > number / 4


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "LA"), ("JPEG", "RGB"), ("BMP", "L")]
)
def test_broken_images(tmp_path: Path, survive, number: int, kind: str, mode: str):
    whole = image(kind, mode)
    place = tmp_path / {"PNG": "0.png", "JPEG": "0.jpg", "BMP": "0.bmp"}[kind]
    read_well, refused = survive(place, mutations(whole, number // 5), lambda path: read(path.parent))
    assert read_well + refused == number // 5
    assert refused
