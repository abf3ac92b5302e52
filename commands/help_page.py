"""A command's help: built with typer from the same table of options that `commands.parser` reads."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.index import COMMANDS
from commands.streams import unless_cut
from costmodel.options import Option, Value

if TYPE_CHECKING:
    from commands.command import Command

EXAMPLE_WIDTH = 74  # of 80 columns, what typer's indentation and ours leave
_WORD = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""  # as a shell parts them
_PIECES = re.compile(rf"--[\w-]+ (?!-){_WORD}|{_WORD}")  # an option and its value stay on one line
_AS_IT_IS = "\b"  # typer's mark of a paragraph that it must not fill
_METAVARS = {int: "N", float: "X", str: "TEXT"}


def print_help(command: Command, name: str) -> None:
    """Prints a command's help."""
    with unless_cut():
        application(command, name)(["--help"], prog_name=f"costmodel {name}", standalone_mode=False)


def application(
    command: Command, name: str, receive: Callable[[Mapping[str, Value]], None] = lambda values: None
) -> typer.Typer:
    """A typer application of the command, which hands the values of a command line to a function."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        # Boxes only for eyes: in a file or a pipe they are noise.
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
    )

    def run(**values: Any) -> None:
        receive(
            {
                each.name: tuple(values[each.name] or ()) if each.is_repeatable else values[each.name]
                for each in command.table
            }
        )

    parameters = list(_parameters(command.table))
    # typer reads a function's signature; a table of options has none, so it is made.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    app.command(name, help=reflowed(command.help))(run)
    return app


def reflowed(text: str) -> str:
    """Joins the lines of each paragraph, so that it fills a terminal of any width; examples are indented.

    What an example is for stands behind it, two spaces or more apart, and becomes a comment ahead of it. An
    example is broken between the words that a shell reads, so that it can be pasted.
    """
    parts = text.strip("\n").split("\n\n")
    grouped = groupby(parts, lambda part: part.startswith(" "))
    return "\n\n".join(_examples(group) if apart else _filled(group) for apart, group in grouped)


def _filled(parts: Iterable[str]) -> str:
    return "\n\n".join(" ".join(part.split()) for part in parts)


def _examples(parts: Iterable[str]) -> str:
    # A space keeps the line between two of them from ending the paragraph that the mark is for.
    return "\n".join([_AS_IT_IS, "\n \n".join(map(_example, parts))])


def _example(part: str) -> str:
    line = " ".join(each.strip() for each in part.splitlines())
    command, *about = re.split(" {2,}", line, maxsplit=1)
    comments = [f"# {each}" for text in about for each in wrap(text, EXAMPLE_WIDTH - 2)]
    pieces = _PIECES.findall(command)
    lines = ["costmodel"] if pieces[0] in COMMANDS else [pieces.pop(0)]
    for piece in pieces:
        # Room for the backslash, which all lines but the last end in.
        if len(lines[-1]) + len(piece) + 3 > EXAMPLE_WIDTH:
            lines.append(f"    {piece}")
        else:
            lines[-1] += f" {piece}"
    return "\n".join(f"    {each}" for each in (*comments, *" \\\n".join(lines).split("\n")))


def _parameters(table: Iterable[Option]) -> Iterable[inspect.Parameter]:
    for each in table:
        # str for all but flags: the option itself reads its text, so that its errors are the parser's
        annotation: Any = bool if each.kind is bool else list[str] if each.is_repeatable else str
        yield inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[annotation, _information(each)],
            default=inspect.Parameter.empty if each.is_required else each.default,
        )


def _information(option: Option) -> Any:
    told: dict[str, Any] = {"help": option.help, "metavar": _metavar(option)}
    if option.kind is bool:
        # typer's notation for a switch that can be turned off
        flags = f"{option.flag}/{option.no_flag}" if option.has_no else option.flag
        return typer.Option(flags, help=option.help)
    told["parser"] = _reader(option)
    if option.is_positional:
        return typer.Argument(**told)
    return typer.Option(option.flag, **told)


def _reader(option: Option) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        # typer hands defaults through the parser as well.
        return option.read(value) if isinstance(value, str) else value

    return read


def _metavar(option: Option) -> str:
    if option.metavar:
        return option.metavar
    if option.choices:
        return "|".join(option.choices)
    return _METAVARS.get(option.kind, "PATH")
