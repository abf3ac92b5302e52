"""The folder that a report writes to: all of its files, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import costmodel
import specs
from costmodel.errors import CostModelError

PACKAGES = (
    Path(costmodel.__path__[0]).resolve(),
    Path(specs.__path__[0]).resolve(),
    Path(__file__).resolve().parent,
)


class OutputError(CostModelError):
    """Files cannot be written where they were asked for."""


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Writes files into a folder, made where it is missing; each whole under its name, or none of them.

    Raises:
        OutputError: the folder cannot be written to, or lies inside the package.
    """
    check_folder(folder)
    waiting: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            waiting.append((_temporary(folder, content), folder / name))
        for _, path in waiting:
            if path.is_dir():
                raise IsADirectoryError(None, "is a folder", str(path))
        for temporary, path in waiting:
            temporary.replace(path)
    except OSError as error:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"--out: {error.filename or folder}: {_reason(error)}, expected a folder to write to"
        ) from error
    return [path for _, path in waiting]


def _temporary(folder: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=".report-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        path.chmod(0o666 & ~_umask())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_folder(folder: Path) -> None:
    """Refuses a folder that cannot be written to, before work is done for it.

    Raises:
        OutputError: the folder lies inside the package, or a file stands in its way.
    """
    place = folder.expanduser().resolve()
    for package in PACKAGES:
        if place == package or package in place.parents:
            raise OutputError(f"--out: {folder}: lies inside the package, expected a folder of your own")
    nearest = next(path for path in (place, *place.parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"--out: {nearest}: is a file, expected a folder to write to")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"--out: {nearest}: permission denied, expected a folder to write to")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
