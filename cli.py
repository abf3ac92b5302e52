"""The command line: `costmodel COMMAND`, or `python cli.py COMMAND`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer
from typer.exceptions import TyperException

from commands.streams import give_up_output, make_ready, not_written, was_cut
from costmodel.errors import CostModelError, OptionError, SpecError, nearest, one_line

COMMANDS = {
    "analyze": "commands.analyze",
    "baselines": "commands.baselines",
    "bench": "commands.bench",
    "emit": "commands.emit",
    "evaluate": "commands.evaluate",
    "explain": "commands.explain",
    "formula": "commands.formula",
    "report": "commands.report",
    "reproduce": "commands.reproduce",
    "schema": "commands.schema",
    "search": "commands.search",
    "solve": "commands.solve",
    "study": "commands.study",
    "sweep": "commands.sweep",
    "train": "commands.train",
    "validate": "commands.validate",
}

app = typer.Typer(
    name="costmodel",
    help="What a video network costs on a live stream, and which network is best under that cost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def build(wanted: Sequence[str]) -> typer.Typer:
    """The application with the command asked for, or with all of them where help is wanted."""
    if wanted and not wanted[0].startswith("-") and wanted[0] not in COMMANDS:
        raise OptionError(f"unknown command {wanted[0]!r}{nearest(wanted[0], COMMANDS)}")
    chosen = list(wanted[:1]) if wanted and wanted[0] in COMMANDS else list(COMMANDS)
    for name in chosen:
        module = importlib.import_module(COMMANDS[name])
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name, help=reflowed(module.EXAMPLES))(getattr(module, name))
    app.callback()(lambda: None)
    return app


def reflowed(text: str) -> str:
    """A text whose paragraphs fill a terminal of any width; indented lines stay as they are."""
    parts = text.strip().split("\n\n")
    return "\n\n".join(part if part.startswith(" ") else " ".join(part.split()) for part in parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; 0 done, 1 the answer is no, 2 the input was wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    make_ready()
    try:
        result = build(given)(given, standalone_mode=False)
        sys.stdout.flush()
    except SpecError as error:
        return _wrong(*(error.messages or (str(error),)))
    except CostModelError as error:
        return _wrong(str(error))
    except TyperException as error:
        return _wrong(" ".join(error.format_message().split()))
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except (OSError, SystemExit) as error:
        return _ended(error)
    return result if isinstance(result, int) else 0


def _ended(error: OSError | SystemExit) -> int:
    """The exit code where output could not be written; `head` has seen enough, a full disk has not."""
    if was_cut(error):
        give_up_output()
        return 0
    if isinstance(error, SystemExit):
        raise error
    give_up_output()
    return _wrong(not_written(error))


def _wrong(*messages: str) -> int:
    with suppress(OSError):  # standard error may be full too
        for message in messages:
            print(f"error: {one_line(message)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
