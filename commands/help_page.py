"""A command's help: built with typer from the same table of options that `commands.parser` reads."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.options import Option, Value

if TYPE_CHECKING:
    from commands.command import Command

_METAVARS = {int: "N", float: "X", str: "TEXT"}


def print_help(command: Command, name: str) -> None:
    """Prints a command's help."""
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
    """Joins the lines of each paragraph, so that it fills a terminal of any width; indented lines stay."""
    parts = text.strip().split("\n\n")
    return "\n\n".join(part if part.startswith(" ") else " ".join(part.split()) for part in parts)


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
