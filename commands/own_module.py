"""A network of one's own on a command line: the options that name it, and the one thing that they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from commands.factory import ARGS, AXES, CHECKPOINT, INPUT, Making
from costmodel.options import Option

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from costmodel.importers import Imported
    from costmodel.importers.foreign import Unread

Own = ParamSpec("Own")
Code = TypeVar("Code")
OPTIONS = (
    Option(
        "place",
        "What makes the network: package.module:factory, path/to/file.py:factory, or an ONNX file.",
        metavar="FACTORY",
        is_positional=True,
        is_required=True,
    ),
    replace(
        INPUT, help="The sizes of a clip as it takes it, such as 1x3x16x112x112; ONNX may say them itself."
    ),
    ARGS,
    CHECKPOINT,
    Option("name", "What the network is called; as its factory where it is not said.", default=""),
    AXES,
)


@dataclass(frozen=True)
class OwnModule:
    """A network of one's own.

    Args:
        place: what makes it.
        name: what it is called; empty: as its factory.
        making: how it is made.
    """

    place: str
    name: str
    making: Making

    def module(self) -> nn.Module:
        """The module; see `Making.module`."""
        return self.making.module(self.place)

    def read(self, module: nn.Module, unread: Unread | None = None) -> Imported:
        """The module as a network of ours; see `Making.read`."""
        return self.making.read(self.place, module, self.name, unread)

    def must_have_sizes(self) -> None:
        """Demands the sizes of a clip, ahead of what takes longer.

        Raises:
            OptionError: they are missing, or no sizes.
        """
        self.making.shape(self.place)


def of_module(run: Callable[Concatenate[OwnModule, Own], Code]) -> Callable[..., Code]:
    """A command on a network of one's own, which gets that one thing in place of the options that name it."""

    @wraps(run)
    def called(
        place: str,
        input: str | None,
        args: str,
        checkpoint: Path | None,
        name: str,
        axes: str,
        *rest: Own.args,
        **own: Own.kwargs,
    ) -> Code:
        return run(OwnModule(place, name, Making(input, args, checkpoint, axes)), *rest, **own)

    return called
