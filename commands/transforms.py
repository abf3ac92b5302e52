"""Transforms on the command line: every transform of the registry with its options, in the order given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from shlex import split

from commands.parser import Given, parse
from costmodel.errors import OptionError
from costmodel.options import Option, Value
from costmodel.transforms import TRANSFORMS, Transform, composed


# made once: the parser, the help and every check below ask for the same table
@cache
def transform_options(
    default: tuple[str, ...] = (), among: tuple[str, ...] | None = None
) -> tuple[Option, ...]:
    """The word of each transform, then their options, each flag once.

    A word is a switch, on for those of `default`, or takes a value; None where it does not stand there.

    Args:
        default: the words that are on without a word.
        among: the transforms that are meant; all unless given.
    """
    kinds = _kinds(among)
    words = [_word(each, word in default) for word, each in kinds.items()]
    # two transforms may have an option of one name; on the command line it is one flag
    options: dict[str, Option] = {}
    for each in _own(kinds.values()):
        options[each.name] = _joined(options[each.name], each) if each.name in options else each
    return (*words, *options.values())


def words_in(arguments: Iterable[str]) -> tuple[str, ...]:
    """The transforms whose words stand on a command line: the others need not be loaded to read it."""
    flags = (each.partition("=")[0] for each in arguments if each.startswith("--"))
    words = {flag.removeprefix("--").removeprefix("no-") for flag in flags}
    return tuple(sorted(word for word in words if word in TRANSFORMS))


def asked(
    given: Given,
    implied: Iterable[str] = (),
    among: tuple[str, ...] | None = None,
    held: Callable[[], tuple[Transform, ...]] = tuple,
) -> tuple[Transform, ...]:
    """The transforms that a command line asks for, in its order; those implied come last.

    Whether one is asked for says `--word`, or `--no-word`, before what the command implies.

    Args:
        given: the command line as it was read.
        implied: the words of transforms that are asked for without a word.
        among: the transforms that it was read with; all unless given.
        held: gives those that a file of weights has, whose options may stand without their words.

    Raises:
        OptionError: an option has a wrong value, or belongs to a transform that is not asked for.
        TransformError: one cannot follow those before it.
    """
    kinds = _kinds(among)
    by_name = {_name(word): word for word in kinds}
    named = [name for name in given.order if name in by_name]
    for name in named:
        # Of two heads the last one would win without a word; of two equal switches either says all.
        if name in given.repeated and not isinstance(given.values[name], bool):
            raise OptionError(f"--{by_name[name]}: stands twice, expected once at most")
    words = [by_name[name] for name in named if not _is_off(given.values[name])]
    # `--no-word` was in the order too, so that what is turned off is not implied again
    is_stream = any(kinds[word].gives_stream for word in words)
    further = (word for word in implied if _name(word) not in given.order)
    # a command that needs a stream has one already where another transform makes it
    words += [word for word in further if not (is_stream and kinds[word].gives_stream)]
    of_file: dict[str, Transform] = {}
    for option in transform_options(among=among):
        if option.name in by_name or given.values[option.name] == option.default:
            continue
        takers = [word for word, each in kinds.items() if option.name in _names(each)]
        if set(takers) & set(words):
            continue
        found = {each.word: each for each in held() if each.word in takers}
        # Without its transform it would change nothing, and the user would not know.
        if not found:
            raise OptionError(f"{option.flag}: {_belongs(takers)}")
        of_file |= found
    further_made = (_changed(each, given, among) for each in of_file.values())
    return composed((*(_made(kinds[word], given, among) for word in words), *further_made))


def transforms_of(text: str) -> tuple[Transform, ...]:
    """The transforms that a text asks for as a command line does, such as `--causal --continual --pool 64`.

    Raises:
        CostModelError: it asks for something else, or for what cannot be composed.
    """
    try:
        words = split(text)
    except ValueError as error:
        raise OptionError(f"{text!r}: {error}".lower()) from error
    return asked(parse(transform_options(), words))


def _word(kind: type[Transform], is_on: bool) -> Option:
    own = kind.own_option()
    if own is None:
        return Option(_name(kind.word), kind.about, bool, is_on, has_no=kind.has_no)
    return replace(own, help=f"{kind.about} {own.help}".strip(), default=None)


def _is_off(value: Value) -> bool:
    """Whether a word does not stand there, or its `--no-word` does; 0 and an empty text are values."""
    return value is None or value is False


def _kinds(among: tuple[str, ...] | None) -> Mapping[str, type[Transform]]:
    return TRANSFORMS if among is None else {word: TRANSFORMS[word] for word in among}


def _made(kind: type[Transform], given: Given, among: tuple[str, ...] | None) -> Transform:
    return kind.of(_chosen(kind, given, among))


def _changed(held: Transform, given: Given, among: tuple[str, ...] | None) -> Transform:
    """A transform of a file as a command line changes it."""
    return replace(held, **_chosen(type(held), given, among))


def _chosen(kind: type[Transform], given: Given, among: tuple[str, ...] | None) -> dict[str, Value]:
    """Only what was given: a transform's own default may differ from that of another with the same flag."""
    defaults = {each.name: each.default for each in transform_options(among=among)}
    return {name: given.values[name] for name in _names(kind) if given.values[name] != defaults[name]}


def _belongs(takers: list[str]) -> str:
    flags = " or ".join(f"--{word}" for word in takers)
    for_streams = all(TRANSFORMS[word].gives_stream for word in takers)
    return f"is for streams; add {flags}" if for_streams else f"is an option of {flags}; add it"


def _own(kinds: Iterable[type[Transform]]) -> Iterator[Option]:
    for each in kinds:
        yield from (option for option in each.options() if option != each.own_option())


def _names(kind: type[Transform]) -> list[str]:
    return [each.name for each in kind.options()]


def _joined(first: Option, second: Option) -> Option:
    """One flag of two transforms: it takes what either takes; which one does is for the transform to say."""
    if first.kind is not second.kind:
        raise OptionError(f"{first.flag}: stands for {first.kind.__name__} and {second.kind.__name__}")
    choices = tuple(dict.fromkeys((*first.choices, *second.choices)))
    return replace(first, choices=choices) if first.choices and second.choices else first


def _name(word: str) -> str:
    return word.replace("-", "_")
