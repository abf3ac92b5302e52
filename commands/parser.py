"""Reads a command line by a table of options: the values, and the order in which options were given.

It takes what typer's command, made of the same table for help (`commands.help_page`), takes, with the same
errors, and loads in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from costmodel.errors import OptionError
from costmodel.options import Option, Value

HELP = Option("help", "Show this message and exit.", bool, False)


@dataclass(frozen=True)
class Given:
    """A command line that has been read.

    Args:
        values: the value of every option, its default where it is not given.
        order: the names of the options given, in their order.
        repeated: the names of those that stand there more than once.
        wants_help: `--help` stands there; then there are no values.
    """

    values: Mapping[str, Value]
    order: tuple[str, ...] = ()
    repeated: frozenset[str] = frozenset()
    wants_help: bool = False


@dataclass
class _Tokens:
    """The texts of each option, and what stands between options."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)


def parse(options: Sequence[Option], arguments: Sequence[str]) -> Given:
    """Reads a command line.

    Raises:
        OptionError: an option is not known, lacks its value or has a wrong one, or an argument is missing or
            one too many.
    """
    tokens = _tokens(options, arguments)
    # Ahead of all checks: who asks for help may have left out what is required.
    if HELP.name in tokens.texts:
        return Given({}, wants_help=True)
    extra = _place(options, tokens)
    by_name = {each.name: each for each in options}
    values = {each.name: () if each.is_repeatable else each.default for each in options}
    for name, texts in tokens.texts.items():
        values[name] = _value(by_name[name], texts)
    missing = [each for each in options if each.is_required and each.name not in tokens.texts]
    if missing:
        # An argument first, as typer tells it.
        missing.sort(key=lambda each: not each.is_positional)
        raise _missing(missing[0])
    if extra:
        raise OptionError(f"Got unexpected extra argument(s) ({' '.join(extra)})")
    repeated = frozenset(name for name, texts in tokens.texts.items() if len(texts) > 1)
    return Given(values, tuple(tokens.texts), repeated)


def flags_of(options: Sequence[Option]) -> dict[str, tuple[Option, str | None]]:
    """Every way to write an option, with the text that a switch stands for."""
    known: dict[str, tuple[Option, str | None]] = {}
    for each in (*options, HELP):
        if each.is_positional:
            continue
        known[each.flag] = (each, "true" if each.kind is bool else None)
        if each.has_no:
            known[each.no_flag] = (each, "false")
    return known


def _tokens(options: Sequence[Option], arguments: Sequence[str]) -> _Tokens:
    known, tokens, waiting = flags_of(options), _Tokens(), list(reversed(arguments))
    while waiting:
        text = waiting.pop()
        if text == "--":
            # behind `--` nothing is an option: how a file whose name begins with a dash is given
            tokens.places += reversed(waiting)
            break
        # a dash by itself is an argument, for many programs their standard input
        if not text.startswith("-") or text == "-":
            tokens.places.append(text)
            continue
        flag, equals, value = text.partition("=")
        if flag not in known:
            raise _unknown(flag if flag.startswith("--") else text[:2], known)
        option, switched = known[flag]
        if switched is not None:
            if equals:
                raise OptionError(f"Option {flag!r} does not take a value.")
            value = switched
        elif not equals:
            if not waiting:
                raise OptionError(f"Option {flag!r} requires an argument.")
            value = waiting.pop()  # whatever it begins with: `--pareto -params`
        # all of them: which one counts depends on the option, and is decided when values are read
        tokens.texts.setdefault(option.name, []).append(value)
    return tokens


def _place(options: Sequence[Option], tokens: _Tokens) -> list[str]:
    """Gives arguments to those that their place tells; what is left over."""
    left = list(tokens.places)
    for each in options:
        if not each.is_positional:
            continue
        # one that takes any number leaves nothing to arguments behind it
        taken = len(left) if each.is_repeatable else 1
        texts, left = left[:taken], left[taken:]
        if texts:
            tokens.texts[each.name] = texts
    return left


def _value(option: Option, texts: Sequence[str]) -> Value:
    if option.kind is bool:
        # The last one counts: an alias may hold the first.
        return texts[-1] == "true"
    if option.is_repeatable:
        return tuple(option.read(text) for text in texts)
    return option.read(texts[-1])


def _missing(option: Option) -> OptionError:
    return OptionError(f"Missing {'argument' if option.is_positional else 'option'} '{option.flag}'.")


def _unknown(flag: str, known: Mapping[str, object]) -> OptionError:
    if not flag.startswith("--"):
        return OptionError(f"No such option: {flag}")
    from difflib import get_close_matches  # only where there is a mistake: it is slow to load

    near = ", ".join(sorted(get_close_matches(flag, known)))
    return OptionError(f"No such option: {flag}{f' (Possible options: {near})' if near else ''}")
