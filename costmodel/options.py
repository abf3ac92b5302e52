"""What an option is: its name, the values that it takes, and the text that explains it.

Commands and transforms state their options with this; the command line, the JSON of a network and the
printed commands are derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from costmodel.errors import OptionError

Value = bool | int | str | None


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
    """

    name: str
    help: str
    kind: type[bool] | type[int] | type[str] = str
    default: Value = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    unit: str = ""

    @property
    def flag(self) -> str:
        """How it is written on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def checked(self, value: Value) -> Value:
        """The value, once it is one that the option takes.

        Raises:
            OptionError: it is not; says what was expected.
        """
        if value == self.default and type(value) is type(self.default):
            return value
        if not self._takes(value):
            raise OptionError(f"{self.flag}: {value!r}, expected {self.expected}")
        return value

    @property
    def expected(self) -> str:
        """The values that it takes, in words."""
        if self.choices:
            return " or ".join(self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return "text"
        unit = f" {self.unit}" if self.unit else ""
        if self.least is not None and self.most is not None:
            return f"{self.least} to {self.most}{unit}"
        bound = f", {self.least} or more" if self.least is not None else ""
        return f"a whole number{f' of{unit}' if unit else ''}{bound}"

    def _takes(self, value: Value) -> bool:
        if type(value) is not self.kind:  # a bool is an int, and must not pass for one
            return False
        if self.choices:
            return value in self.choices
        if not isinstance(value, int):
            return True
        is_low = self.least is not None and value < self.least
        return not is_low and (self.most is None or value <= self.most)
