"""Clips as they lie on disk: `.npy` arrays and folders of images, read without trusting them.

What a file says of its size is looked at before it is believed: 15 kB of a compressed image can stand for
gigabytes, and an array's header for more than its file holds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from costmodel.errors import DataError
from costmodel.files import open_file
from search.data.base import Frames

IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
FORMATS = ("PNG", "JPEG", "BMP")
MOST_PIXELS = 1 << 24  # of one image: 4096 x 4096
MOST_VALUES = 1 << 28  # of a clip that must be held in memory: 256 MiB as bytes


def read(path: Path) -> Frames:
    """The frames (time, height, width, channels) of a clip, as bytes.

    Raises:
        DataError: the clip cannot be read, or would take too much memory.
    """
    reader = read_images if path.is_dir() else READERS.get(path.suffix.lower())
    if reader is None:
        found = path.suffix or "no suffix"
        raise DataError(f"{path}: {found}, expected {', '.join(READERS)} or a folder of images")
    return reader(path)


def read_array(path: Path) -> Frames:
    """A clip from a `.npy` file of (time, height, width[, channels]): bytes, or floats from 0 to 1."""
    try:
        with open_file(path) as file:
            array = _mapped(file)
    except Exception as error:  # numpy's reader of headers raises whatever its parts do
        raise DataError(f"{path}: not a .npy array ({_reason(error)})") from error
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or not array.size or array.shape[-1] > 4:
        raise DataError(
            f"{path}: an array of shape {array.shape}, expected (time, height, width[, channels])"
        )
    if array.dtype == np.uint8:
        return array
    if array.size > MOST_VALUES:
        raise DataError(f"{path}: {array.size} values, at most {MOST_VALUES} are made bytes; save bytes")
    if array.dtype.kind != "f" or not all(_is_fraction(frame) for frame in array):
        raise DataError(f"{path}: {array.dtype} values outside 0 to 1, expected bytes, or floats from 0 to 1")
    return np.stack([np.asarray(frame * 255 + 0.5).astype(np.uint8) for frame in array])


def _mapped(file: BinaryIO) -> Frames:
    """The array of a file, mapped into memory: it costs nothing before it is looked at.

    Raises:
        ValueError: it is no array of numbers, or the file is shorter than its header says.
    """
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"version {version}, expected (1, 0) or (2, 0)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python 2's long numbers in a header
        shape, is_fortran, dtype = _header(readers[version], file)
    # an array of Python objects is a pickle, which would run code when it is read
    if dtype.kind not in "buif":
        raise ValueError(f"holds {str(dtype)[:40]}, expected numbers")
    if any(size < 0 for size in shape):
        raise ValueError(f"negative sizes {shape}")
    return np.memmap(file, dtype, "r", file.tell(), shape, "F" if is_fortran else "C")


def _header(
    reader: Callable[[BinaryIO], tuple[tuple[int, ...], bool, np.dtype[Any]]], file: BinaryIO
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        return reader(file)
    except Exception as error:  # a literal of Python: its parser raises six kinds of error
        raise ValueError("its header cannot be read") from error


def _is_fraction(frame: Frames) -> bool:
    return bool(np.min(frame) >= 0 and np.max(frame) <= 1)


def read_images(path: Path) -> Frames:
    """A clip from a folder of images, in the order of their names."""
    files = images_of(path)
    values = 0
    frames: list[Frames] = []
    for file in files:
        frames.append(image_of(file))
        values += frames[-1].size
        if frames[-1].shape != frames[0].shape:
            raise DataError(f"{file}: another size than {files[0].name}, expected frames of one size")
        if values > MOST_VALUES:
            raise DataError(f"{path}: more than {MOST_VALUES} pixel values in one clip; save it as .npy")
    return np.stack(frames)


def images_of(path: Path) -> list[Path]:
    """The images of a folder, in the order of their names."""
    try:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read, {error.strerror}") from error
    if not files:
        raise DataError(f"{path}: no images, expected one for each frame: {', '.join(IMAGES)}")
    return files


def image_of(path: Path) -> Frames:
    """The pixels (height, width, channels) of an image, as bytes.

    Raises:
        DataError: it cannot be read, or is too large.
    """
    import matplotlib.image  # reads with Pillow, which comes with it

    try:
        with open_file(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about what is repaired or refused below
            _check_header(file)
            pixels: Any = matplotlib.image.imread(file, format=path.suffix[1:].lower())
    except Exception as error:  # Pillow's readers raise whatever their parts do on a broken file
        raise DataError(f"{path}: not an image ({_reason(error)})") from error
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    pixels = pixels[..., :3] if pixels.shape[-1] == 4 else pixels  # without its transparency
    return np.asarray(pixels if pixels.dtype == np.uint8 else pixels * 255 + 0.5, np.uint8)


def _check_header(file: BinaryIO) -> None:
    """Raises ValueError where the header, read without the pixels, says too large an image."""
    from PIL import Image

    with Image.open(file, formats=FORMATS) as image:
        width, height = image.size
    if width * height > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels, at most {MOST_PIXELS} are read")
    # the reader of pixels begins at the header again
    file.seek(0)


def _reason(error: Exception) -> str:
    told = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(told).splitlines()[0][:200]


# A kind of file that is read whole is one entry: from its suffix to what reads it. Video files, of which the
# frames that are asked for are decoded, stand in search/video/opened.py.
READERS: Mapping[str, Callable[[Path], Frames]] = {".npy": read_array}


def files_of(path: Path) -> Iterator[Path]:
    """The files that reading a clip opens."""
    yield from images_of(path) if path.is_dir() else (path,)
