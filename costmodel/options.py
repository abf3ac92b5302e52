"""What an option is: its name, the values that it takes, and the text that explains it.

Commands and transforms state their options with this; the command line, the JSON of a network and the
printed commands are derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from costmodel.errors import OptionError

One = bool | int | float | str | Path
Value = One | tuple[One, ...] | None
LONGEST_SHOWN = 80
_WORDS = {float: "a number", str: "text", Path: "a path"}


@dataclass(frozen=True)
class Option:
    """An option as data.

    Args:
        name: as Python writes it; on the command line `head_pool` is `--head-pool`.
        help: one line that explains it.
        kind: the type of its values.
        default: its value where it is not given.
        choices: the texts that it may be, where they are few.
        least: the smallest number.
        most: the largest number.
        unit: what a number counts, such as `input frames`.
        metavar: what stands for its value in help, such as `NAME=VALUE`.
        flags: how it is written on the command line, where its name does not say so.
        is_repeatable: it may stand several times; its value is a tuple.
        is_required: it has to be given.
        has_no: a switch that `--no-name` turns off.
        is_positional: an argument, told by its place instead of a flag.
        also: a regular expression of texts that it takes besides, such as a distribution of numbers.
        of_file: reads such a text from a file where a path that ends in .json is given.
        also_words: those texts and files in words, for messages.
    """

    name: str
    help: str
    kind: type[bool] | type[int] | type[float] | type[str] | type[Path] = str
    default: Value = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    unit: str = ""
    metavar: str = ""
    flags: str = ""
    is_repeatable: bool = False
    is_required: bool = False
    has_no: bool = False
    is_positional: bool = False
    also: str = ""
    of_file: Callable[[Path], str] | None = None
    also_words: str = ""

    @property
    def flag(self) -> str:
        """How it is written on the command line."""
        if self.is_positional:
            return self.metavar
        return self.flags or f"--{self.name.replace('_', '-')}"

    @property
    def no_flag(self) -> str:
        """How a switch is turned off."""
        return f"--no-{self.flag[2:]}"

    def read(self, text: str) -> One:
        """The value that a text of the command line stands for.

        Raises:
            OptionError: it stands for none that the option takes.
        """
        if self.of_file is not None and text.endswith(".json"):
            text = self.of_file(Path(text))
        if self._is_also(text):
            return text
        try:
            value = self.kind(text)
        except ValueError:
            raise self._error(text) from None
        self.checked(value)
        return value

    def checked(self, value: Value) -> Value:
        """The value, once it is one that the option takes.

        Raises:
            OptionError: it is not; says what was expected.
        """
        # A default may lie outside what can be given, such as None; 1 and True are equal, hence the types.
        if value == self.default and type(value) is type(self.default):
            return value
        if not self._takes(value):
            raise self._error(value)
        return value

    def _error(self, value: Value) -> OptionError:
        shown = value[:LONGEST_SHOWN] if isinstance(value, str) else value
        return OptionError(f"{self.flag}: {shown!r}, expected {self.expected}")

    @property
    def expected(self) -> str:
        """The values that it takes, in words."""
        if self.choices:
            return " or ".join(self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind is not int:
            return _WORDS[self.kind]
        unit = f" {self.unit}" if self.unit else ""
        if self.least is not None and self.most is not None:
            also = f", {self.also_words}" if self.also_words else ""
            return f"{self.least} to {self.most}{unit}{also}"
        bound = f", {self.least} or more" if self.least is not None else ""
        return f"a whole number{f' of{unit}' if unit else ''}{bound}"

    def _is_also(self, value: Value) -> bool:
        return bool(self.also) and isinstance(value, str) and re.fullmatch(self.also, value) is not None

    def _takes(self, value: Value) -> bool:
        if self._is_also(value):
            return True
        if not isinstance(value, self.kind) or (isinstance(value, bool) and self.kind is not bool):
            return False  # a bool is an int, and must not pass for one
        if self.choices:
            return value in self.choices
        if not isinstance(value, int):
            return True
        is_low = self.least is not None and value < self.least
        return not is_low and (self.most is None or value <= self.most)
