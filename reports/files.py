"""The folder that a report writes to: all of its files, or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import costmodel
from costmodel.files import OutputError, write_all
from costmodel.spec.document import shipped_folder

PACKAGES = (
    Path(costmodel.__path__[0]).resolve(),
    shipped_folder().resolve(),
    Path(__file__).resolve().parent,
)


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Writes files into a folder, made where it is missing; each whole under its name, or none of them.

    Raises:
        OutputError: the folder cannot be written to, or lies inside the package.
    """
    check_folder(folder)
    paths = {folder / name: content for name, content in contents.items()}
    write_all(paths)
    return list(paths)


def check_folder(folder: Path) -> None:
    """Refuses a folder that cannot be written to, before work is done for it.

    Raises:
        OutputError: the folder lies inside the package, or a file stands in its way.
    """
    place = folder.expanduser().resolve()
    for package in PACKAGES:
        # what lies inside the package goes when it is upgraded
        if place == package or package in place.parents:
            raise OutputError(f"--out: {folder}: lies inside the package, expected a folder of your own")
    # folders that are missing are made later; what counts is the first one that is there
    nearest = next(path for path in (place, *place.parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"--out: {nearest}: is a file, expected a folder to write to")
    # a folder needs both: without X nothing in it can be opened
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"--out: {nearest}: permission denied, expected a folder to write to")
