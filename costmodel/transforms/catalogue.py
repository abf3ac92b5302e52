"""Which transforms there are: each in a file of its word, loaded when it is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from costmodel.errors import TransformError

if TYPE_CHECKING:
    from costmodel.transforms.base import Transform


class Catalogue(Mapping[str, "type[Transform]"]):
    """Transforms by word.

    `--stride-time` is in `stride_time.py`. A command line names few of them, and all take longer to load than
    a network to analyse: one is loaded when its word is asked for, the others when the words are.
    """

    def __init__(self, package: str, path: list[str]) -> None:
        self._package = package
        self._files = {found.name for found in pkgutil.iter_modules(path)}
        self._known: dict[str, type[Transform]] = {}

    def __getitem__(self, word: str) -> type[Transform]:
        file = word.replace("-", "_")
        if word not in self._known and file in self._files:
            self._load(file)
        return self._known[word]

    def register(self, kind: type[Transform]) -> None:
        """Takes a transform in.

        Raises:
            TransformError: another has its word.
        """
        if kind.word in self._known:
            raise TransformError(f"transform {kind.word!r} is registered twice")
        self._known[kind.word] = kind

    def __delitem__(self, word: str) -> None:
        del self._known[word]

    def __iter__(self) -> Iterator[str]:
        for file in sorted(self._files):
            self._load(file)
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _load(self, file: str) -> None:
        importlib.import_module(f"{self._package}.{file}")
        self._files.discard(file)
