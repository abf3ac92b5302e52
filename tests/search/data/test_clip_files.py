"""Clips are read from arrays and images, and what a file claims is not believed before it is looked at."""

import os
import resource
import struct
import zlib
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from costmodel.errors import DataError
from search.data.clip_files import read


def test_a_folder_of_images_is_a_clip(tmp_path: Path):
    for number, value in enumerate((0.0, 1.0)):
        matplotlib.image.imsave(tmp_path / f"{number}.png", np.full((4, 5, 3), value))
    frames = read(tmp_path)
    assert frames.shape == (2, 4, 5, 3)
    assert (frames[0].max(), frames[1].min()) == (0, 255)


def test_floats_from_0_to_1_become_bytes(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([0.0, 0.5, 1.0]).reshape(3, 1, 1))
    assert read(tmp_path / "a.npy").ravel().tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros((2, 2), np.uint8), "an array of shape (2, 2), expected (time, height, width[, channels])"),
        (np.full((1, 2, 2), 3.0), "float64 values outside 0 to 1, expected bytes, or floats from 0 to 1"),
    ],
)
def test_an_array_that_is_no_clip_is_named(tmp_path: Path, array: np.ndarray, found: str):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.npy")
    assert str(error.value) == f"{tmp_path / 'a.npy'}: {found}"


def test_a_damaged_file_is_named(tmp_path: Path):
    (tmp_path / "a.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match=r"a\.npy: not a \.npy array"):
        read(tmp_path / "a.npy")


def array_file(path: Path, header: str, content: bytes = b"") -> Path:
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content)
    return path


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, -3, 4)}", r"negative sizes \(-2, -3, 4\)"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 1000000)}", "mmap length is greater"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3, 4)}", "holds object, expected numbers"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3, 4)}", "holds .*expected numbers"),
        ("{'descr': '|u1', 'shape': (2, 3, 4)}", "its header cannot be read"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': 3}", "its header cannot be read"),
        ("__import__('os')", "its header cannot be read"),
        ("(" * 1000, "its header cannot be read"),
    ],
)
def test_a_header_that_is_wrong_is_named(tmp_path: Path, header: str, found: str):
    with pytest.raises(DataError, match=rf"a\.npy: not a \.npy array \(.*({found})"):
        read(array_file(tmp_path / "a.npy", header, b"\0" * 24))


def test_an_archive_of_arrays_is_no_clip(tmp_path: Path):
    np.savez(tmp_path / "a.npz", np.zeros((2, 3, 4), np.uint8))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(DataError, match=r"a\.npy: not a \.npy array \(the magic string is not correct"):
        read(tmp_path / "a.npy")


def png(path: Path, width: int, height: int) -> Path:
    """A black image in grey, compressed a thousandfold."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    squeeze = zlib.compressobj(9)
    rows = b"".join(squeeze.compress(b"\0" * (width + 1)) for _ in range(height)) + squeeze.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def test_an_image_too_large_is_refused_before_its_pixels_are_read(tmp_path: Path):
    file = png(tmp_path / "0.png", 20_000, 2_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError) as error:
        read(tmp_path)
    assert str(error.value) == f"{file}: not an image (20000 x 2000 pixels, at most 16777216 are read)"
    assert file.stat().st_size < 100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KiB; the pixels: 39,000


def test_many_small_bombs_are_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("search.data.clip_files.MOST_VALUES", 30_000)
    for number in range(4):
        png(tmp_path / f"{number}.png", 100, 100)
    with pytest.raises(DataError, match=r"more than 30000 pixel values in one clip; save it as \.npy"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["a.npy", "0.png"])
def test_a_pipe_is_refused_before_anything_waits_for_it(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=r"not an? .* \(is a named pipe, expected a file\)$"):
        read(tmp_path if name.endswith("png") else tmp_path / name)


def test_a_broken_image_is_named(tmp_path: Path):
    (tmp_path / "0.png").write_bytes(png(tmp_path / "0.png", 30, 30).read_bytes()[:45])
    with pytest.raises(DataError, match=r"0\.png: not an image \("):
        read(tmp_path)
