"""Errors that a user can cause, each a message that names the place, what was found and what was expected."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_NAME = 100


class CostModelError(Exception):
    """Base of every error that a user can cause; the command line prints it as one line, exit code 2."""


class SpecError(CostModelError):
    """A spec file is wrong. Holds one message for each mistake found (`messages`)."""

    def __init__(self, *messages: str) -> None:
        self.messages = tuple(one_line(message) for message in messages)
        super().__init__("\n".join(self.messages))


class Divergence(Exception):  # noqa: N818 - no mistake: what a spec's error is raised from, for who can split
    """Why many networks at once are not one graph: an array that decides which layers exist is not even.

    Args:
        values: the array; networks for which it holds the same value have the same layers there.
    """

    def __init__(self, values: object) -> None:
        self.values = values
        super().__init__("an array decides which layers exist")


class GraphError(CostModelError):
    """A graph's nodes do not fit together: a name used twice, an unknown input."""


class ShapeError(CostModelError):
    """An op cannot take the tensors that it is given."""


class TransformError(CostModelError):
    """A graph cannot be transformed as asked; names the layer, the reason and the cheapest repair."""


class EmitError(CostModelError):
    """A network cannot be emitted, or is given a frame, a clip or a state that it cannot take."""


class WeightsError(EmitError):
    """A file of weights cannot be read, or is of another network than the one asked for."""


class DataError(CostModelError):
    """A data set, a clip or a file of weights cannot be used."""


class TrainingError(CostModelError):
    """A training cannot go on, such as with a loss that is not a number."""


class OptionError(CostModelError):
    """An option or a name asked for is not one of those known."""


def one_line(text: str) -> str:
    """A text without line ends and control characters, which it may hold from a spec or an option."""
    if text.isprintable():  # nearly always, and a page of figures asks for thousands of cells
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def nearest(name: str, known: Iterable[str], listed: str = "") -> str:
    """` (did you mean 'x'?)` where a known name resembles the given one, else the list of known names.

    Args:
        name: what was given.
        known: what would have been right.
        listed: told in place of the list where that would be long, such as which command prints it.
    """
    import difflib  # only where there is a mistake: it takes as long to load as X3D-M to analyse

    names = sorted(known)
    # Cut, as the comparison takes time that grows with the square of the length.
    match = difflib.get_close_matches(name[:LONGEST_NAME], names, n=1)
    if match:
        return f" (did you mean {match[0]!r}?)"
    if listed:
        return f" ({listed})"
    return f" (known: {', '.join(names)})" if names else ""
