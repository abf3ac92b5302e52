"""Commands as functions of Python: `costmodel.solve("x3d", maximize="entropy", limit="params<=4e6")`.

Made from the tables of options that the command line is read by, so that whatever a command takes and
answers, its function takes and answers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from shlex import quote, split

from commands.command import Command
from commands.leaving import Left
from commands.printing import collected
from commands.run import command
from costmodel.answer import Answer
from costmodel.errors import OptionError, nearest
from costmodel.network import Network
from costmodel.options import Option
from costmodel.spec.resolved import exact_text

Spec = str | Path | Network
FORMAT = "format"  # of what is printed: an answer has them all
# What `help` shows; each is run as a doctest.
EXAMPLES: Mapping[str, str] = {
    "search": """
    >>> sizes = {"frames": 2, "crop": 12}
    >>> found = costmodel.search("digits", budget="macs_per_clip<=300k", study="tiny.db", set=sizes)
    >>> found.table["step"].tolist()
    [0, 1, 2]
    """,
    "solve": """
    >>> best = costmodel.solve("x3d", maximize="entropy", limit="macs_per_clip<=1GMAC", over="frames=4,8,16")
    >>> best.table["frames"].tolist()
    [4]
    """,
    "sweep": """
    >>> swept = costmodel.sweep("x3d_m", grid="frames=8,16", metrics="macs_per_clip,params")
    >>> swept.table["macs_per_clip"].tolist()
    [2367165824, 4732468736]
    """,
    "train": """
    >>> learned = costmodel.train("digits", data="digits:train=24,val=12", epochs=1, out="runs")
    >>> 0 <= learned["accuracy"] <= 1
    True
    """,
    "evaluate": """
    >>> learned = costmodel.train("digits", data="digits:train=24,val=12", epochs=1, out="runs")
    >>> found = costmodel.evaluate(learned["weights"], data="digits:train=24,val=12")
    >>> found["accuracy"] == learned["accuracy"]
    True
    """,
    "validate": """
    >>> costmodel.validate("digits", continual=True).holds
    True
    """,
    "compare": """
    >>> both = costmodel.compare("x3d --variant M", "x3d --variant M --continual")
    >>> both.table["macs_per_frame"].tolist()
    [4732468736, 297525776]
    """,
    "diff": """
    >>> costmodel.diff("x3d_s", "x3d_m").holds
    False
    """,
    "check": """
    >>> costmodel.check("x3d_s", continual=True, limits="state_bytes<=4MiB").holds
    False
    """,
    "diagnose": """
    >>> costmodel.diagnose("x3d_s")["class"]
    'E2'
    """,
    "bench": """
    >>> timed = costmodel.bench("digits", continual=True, runs=2)
    >>> len(timed.table) > 0
    True
    """,
}


def __getattr__(name: str) -> Callable[..., Answer]:
    if name not in EXAMPLES:
        raise AttributeError(f"module 'commands.python' has no attribute {name!r}")
    return function_of(name)


def function_of(name: str) -> Callable[..., Answer]:
    """The function of a command, with its help and the names of its options."""
    found = command(name)
    assert isinstance(found, Command)
    takes: Command = found

    def call(*networks: Spec, **options: object) -> Answer:
        return _called(name, takes, networks, options)

    call.__name__ = call.__qualname__ = name
    call.__module__ = "costmodel"
    call.__doc__ = _about(name, takes)
    call.__signature__ = inspect.Signature(list(_parameters(takes)), return_annotation=Answer)  # type: ignore[attr-defined]
    return call


def _called(name: str, takes: Command, networks: tuple[Spec, ...], options: Mapping[str, object]) -> Answer:
    """Runs a command, and takes what it would print.

    Raises:
        CostModelError: as the command line has it.
        KeyboardInterrupt: it was interrupted, and has closed all.
    """
    known = {each.name: each for each in _options(takes)}
    for each in options:
        if each not in known:
            raise OptionError(f"{name}: {each!r} is no option of it{nearest(each, known)}")
    arguments = [word for each, value in options.items() for word in _words(known[each], value)]
    given = [word for network in networks for word in _network(takes, network)]
    with collected() as pages:
        try:
            # behind `--` a file whose name begins with a dash is none of the options
            code = takes(name, [*arguments, *given])
        except Left as left:
            raise KeyboardInterrupt from left
    holds = not code
    return pages[0].answer(holds) if pages else Answer(holds=holds)


def _network(takes: Command, given: Spec) -> list[str]:
    """The words of a command line that stand for a network."""
    if isinstance(given, Network):
        if not given.spec:
            raise OptionError(f"{given.document.name}: is of a text; save it, and give the path of the file")
        return [given.flags] if takes.takes == "lines" else split(given.flags)
    if not isinstance(given, str | Path):
        kind = type(given).__name__
        raise OptionError(f"a network: found {kind}, expected a path, a shipped name or a costmodel.Network")
    text = str(given)
    if takes.takes == "lines":
        return [quote(text) if isinstance(given, Path) else text]
    return [f"./{text}" if text.startswith("-") else text]


def _words(option: Option, value: object) -> Iterator[str]:
    """The words of a command line that stand for an option's value."""
    if value is None:
        return
    if option.kind is bool:
        if not isinstance(value, bool):
            raise OptionError(f"{option.name}: {value!r}, expected True or False")
        if value != bool(option.default):
            yield option.flag if value else option.no_flag
    elif isinstance(value, Mapping):
        yield from (f"{option.flag}={name}={_text(each)}" for name, each in value.items())
    elif isinstance(value, list | tuple):
        texts = [_text(each) for each in value]
        yield from (
            f"{option.flag}={each}" for each in (texts if option.is_repeatable else [",".join(texts)])
        )
    else:
        yield f"{option.flag}={_text(value)}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return exact_text(value) if isinstance(value, int | Fraction) else str(value)


def _options(takes: Command) -> Iterator[Option]:
    return (each for each in takes.table if not each.is_positional and each.name != FORMAT)


def _parameters(takes: Command) -> Iterator[inspect.Parameter]:
    if takes.takes != "nothing":
        yield inspect.Parameter("networks", inspect.Parameter.VAR_POSITIONAL, annotation=Spec)
    for each in _options(takes):
        if each.name.isidentifier():
            default = () if each.is_repeatable else each.default
            yield inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, default=default)


def _about(name: str, takes: Command) -> str:
    title, _, _ = takes.help.partition("\n")
    own = "\n".join(f"    {each.name}: {each.help}" for each in takes.options if each.name != FORMAT)
    example = EXAMPLES[name].strip("\n ")
    return (
        f"{title}\n\nAs `costmodel {name}` on the command line.\n\n    {example}\n\n"
        f"Its own options; those of networks and transforms stand beside them.\n\n{own}\n"
    )
