"""Runs a command line: finds the command, runs it, and turns every outcome into an exit code."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import costmodel
from commands.index import ABOUT, COMMANDS, SECTIONS, known, listed
from commands.leaving import Left
from commands.printing import put
from commands.streams import give_up_output, make_ready, not_written, stand_aside, was_cut
from costmodel.errors import CostModelError, SpecError, one_line

if TYPE_CHECKING:
    from commands.command import Command, Group

# torchrun ends all processes as soon as one has failed: the one that says why must not come second
LET_TELL = 10.0
CUT_OFF = 128 + 13  # as shells have it of a command that its reader left, by SIGPIPE, which Windows lacks


def run(arguments: Sequence[str]) -> int:
    """Runs a command; 0 done, 1 the answer is no, 2 the input was wrong, 130 interrupted, 141 cut off."""
    make_ready()
    is_aside = bool(arguments) and arguments[0] == "train" and stand_aside()
    code = _ran(arguments)
    if is_aside and code:
        time.sleep(LET_TELL)
    return code


def _ran(arguments: Sequence[str]) -> int:
    result: int | None = CUT_OFF  # until the command has ended
    try:
        result = _run(list(arguments))
        # Here, where it can be told: at the end of the process Python would print a traceback of its own.
        sys.stdout.flush()
    except SpecError as error:
        # a spec's mistakes are told all at once, a line each
        return _wrong(*(error.messages or (str(error),)))
    except CostModelError as error:
        return _wrong(str(error))
    # Ctrl-C where nothing is open that would have to be closed.
    except KeyboardInterrupt:
        return 130
    except Left as left:
        return left.code
    except (OSError, SystemExit) as error:
        return _ended(error, result or 0)
    return result or 0


def command(name: str) -> Command | Group:
    """A command, or a group of them, by its name."""
    # the one command that is asked for: importing all of them takes longer than most run
    found: Command | Group = importlib.import_module(COMMANDS[name]).COMMAND
    return found


def _run(arguments: list[str]) -> int | None:
    if not arguments or arguments[0] == "--help":
        put(_overview())
        return 0
    if arguments[0] == "--version":
        put(f"costmodel {costmodel.__version__}\n")
        return 0
    name = known(arguments[0], COMMANDS, "command")
    found = command(name)
    return found(name, arguments[1:])


def _overview() -> str:
    parts = [
        f"{ABOUT}\n",
        "Usage: costmodel COMMAND [OPTIONS]\n       costmodel COMMAND --help\n",
        *(f"{title}:\n{listed(section)}" for title, section in SECTIONS.items()),
        listed({"--version": "The version.", "--help": "This list."}),
    ]
    return "\n".join(parts)


def _ended(error: OSError | SystemExit, result: int) -> int:
    """The exit code where output could not be written; `head` has seen enough, a full disk has not.

    Args:
        error: what came of it.
        result: of the command, where the reader went away.
    """
    # Whoever wrote `| head` has what they asked for: no error. But `check | true` must not say yes for a no.
    if was_cut(error):
        give_up_output()
        return result
    if isinstance(error, SystemExit):
        raise error
    give_up_output()
    return _wrong(not_written(error))


def _wrong(*messages: str) -> int:
    with suppress(OSError):  # standard error may be full too
        for message in messages:
            print(f"error: {one_line(message)}", file=sys.stderr)
    return 2
