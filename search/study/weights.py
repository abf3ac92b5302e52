"""The weights kept beside a study: of the candidates that were chosen, or of all that were trained."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from costmodel.files import write_whole

Keep = Literal["best", "all", "none"]
SUFFIX = ".safetensors"
# What is ours in the folder: a file of weights, or what a killed process left of one.
_OURS = re.compile(rf"[0-9a-f]{{64}}{re.escape(SUFFIX)}")
_LEFT = re.compile(rf"\.[0-9a-f]{{64}}{re.escape(SUFFIX)}\.\w{{8}}")


def folder_of(study: Path) -> Path:
    """The folder in which a study keeps weights: `STUDY.weights`."""
    return study.with_name(f"{study.name}.weights")


def kept_weights(study: Path, candidate: str) -> Path | None:
    """The file of a candidate's weights, where a study keeps them."""
    path = folder_of(study) / f"{candidate}{SUFFIX}"
    return path if path.is_file() else None


@dataclass(frozen=True)
class KeptWeights:
    """A study's folder of weights, for the search that writes it.

    Weights are written before the result that comes with them, and none is removed before the decision that
    leaves it out is written: whenever the process is killed, what decisions rest on is there.

    Args:
        study: the study's file.
        keep: of the best network of each step, of all, or of none.
    """

    study: Path
    keep: Keep = "best"

    def write(self, candidate: str, content: bytes | None) -> None:
        """Writes a candidate's weights, wholly or not at all.

        Raises:
            OutputError: they cannot be written.
        """
        if self.keep != "none" and content is not None:
            write_whole(self._path(candidate), content)

    def lacks(self, candidate: str) -> bool:
        """Whether a candidate's weights should be kept but are missing."""
        return self.keep != "none" and not self._path(candidate).is_file()

    def drop(self, candidates: Collection[str]) -> None:
        """Removes weights that no decision rests on, where the best ones alone are kept."""
        for each in candidates if self.keep == "best" else ():
            # options that failed have no file, nor those removed before a run was killed
            self._path(each).unlink(missing_ok=True)

    def tidy(self, wanted: Collection[str]) -> None:
        """Removes what killed processes left, and where the best alone are kept, all but those wanted."""
        for path in self._files():
            is_stray = path.name.removesuffix(SUFFIX) not in wanted
            if _LEFT.fullmatch(path.name) or (self.keep == "best" and is_stray):
                path.unlink(missing_ok=True)

    def _path(self, candidate: str) -> Path:
        return folder_of(self.study) / f"{candidate}{SUFFIX}"

    def _files(self) -> Iterator[Path]:
        folder = folder_of(self.study)
        # a list, since files are removed while it is gone through
        for path in list(folder.iterdir()) if folder.is_dir() else ():
            if _OURS.fullmatch(path.name) or _LEFT.fullmatch(path.name):
                yield path
