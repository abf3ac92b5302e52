"""Options that every command on a spec shares, and the network that they name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from costmodel.network import Network
from costmodel.spec import parse_set
from costmodel.transforms import TRANSFORMS, Transform


class Format(StrEnum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


FormatOption = Annotated[
    Format, typer.Option("--format", help="How figures are printed; standard output holds nothing else.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of all that is drawn at random.")]
DtypeOption = Annotated[
    str, typer.Option("--dtype", help="What sizes in bytes are counted in: fp32, fp16 or int8.")
]

_SPEC = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec: a path, or a shipped name such as x3d_m.")
]
_SHARED: dict[str, tuple[Any, Any]] = {
    "variant": (Annotated[str | None, typer.Option(help="A variant of the spec, such as XS.")], None),
    "set": (
        Annotated[
            list[str] | None, typer.Option(metavar="NAME=VALUE", help="A size of the spec; repeatable.")
        ],
        None,
    ),
}
Source = Network  # what a command is given


def _switches() -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The option `--word` of every transform, and the options of each."""
    for word, kind in TRANSFORMS.items():
        flags = f"--{word}/--no-{word}" if kind.has_no else f"--{word}"
        yield _name(word), (Annotated[bool | None, typer.Option(flags, help=kind.about)], None)
    for kind in TRANSFORMS.values():
        for each in kind.options():
            annotation: Any = each.kind | None
            if each.choices:
                made: Any = StrEnum  # typer reads choices from one
                annotation = made(each.name, [(choice, choice) for choice in each.choices]) | None
            typed = typer.Option(each.flag, min=each.least, max=each.most, help=each.help)
            yield each.name, (Annotated[annotation, typed], None)


def _name(word: str) -> str:
    return word.replace("-", "_")


_SHARED |= dict(_switches())


def source_of(spec: str, shared: Mapping[str, Any], default: Iterable[str] = ()) -> Network:
    """The network that a spec and the shared options name.

    Raises:
        CostModelError: an option has a wrong value, or stands without its transform.
    """
    sets = dict(parse_set(text) for text in shared["set"] or ())
    wanted = [word for word in TRANSFORMS if _or_default(shared[_name(word)], is_default=word in default)]
    for kind in TRANSFORMS.values():
        for each in kind.options():
            takers = [word for word, other in TRANSFORMS.items() if each in other.options()]
            if shared[each.name] is not None and not set(takers) & set(wanted):
                flags = " or ".join(f"--{word}" for word in takers)
                what = "streams" if kind.gives_stream else flags
                raise typer.BadParameter(f"is for {what}; add {flags}", param_hint=each.flag)
    transforms = [TRANSFORMS[word].of(_given(TRANSFORMS[word], shared)) for word in wanted]
    return Network.of(spec, shared["variant"], sets, transforms)


def _or_default(given: bool | None, *, is_default: bool) -> bool:
    return is_default if given is None else given


def _given(kind: type[Transform], shared: Mapping[str, Any]) -> dict[str, Any]:
    values = {each.name: shared[each.name] for each in kind.options()}
    return {name: getattr(value, "value", value) for name, value in values.items() if value is not None}


def _source_or_none(spec: str | None, shared: Mapping[str, Any], default: Iterable[str]) -> Network | None:
    if spec is not None:
        return source_of(spec, shared, default)
    for name, (_, absent) in _SHARED.items():
        if shared[name] != absent:
            raise typer.BadParameter("is for a SPEC; name one", param_hint=f"--{name}")
    return None


def on_spec(function: Callable[..., int | None], default: Iterable[str] = ()) -> Callable[..., int | None]:
    """Gives a command the argument SPEC and the shared options; it receives a `Network` first.

    `default` are the transforms that it has unless they are left out, as by `--no-fold`.

    The command may have `sources: list[Source]` as its first parameter: then it takes one or more specs.
    Where its first parameter defaults to None, SPEC may be left out. What it returns is the exit code.
    """
    own = list(inspect.signature(function, eval_str=True).parameters.values())
    several = own[0].name == "sources"
    annotation = (
        Annotated[list[str], typer.Argument(metavar="SPEC...", help="Specs: paths or shipped names.")]
        if several
        else _SPEC
    )

    is_optional = own[0].default is None

    @functools.wraps(function)
    def command(**given: Any) -> int | None:
        shared = {name: given.pop(name) for name in _SHARED}
        shared["continual"] = (
            shared["continual"] or given.get("stepwise") or None
        )  # a command's own way to say so
        spec = given.pop("spec")
        if several:
            return function([source_of(each, shared, default) for each in spec], **given)
        network = _source_or_none if is_optional else source_of
        return function(network(spec, shared, default), **given)

    parameters = [
        inspect.Parameter(
            "spec",
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=None if is_optional else inspect.Parameter.empty,
        ),
        *_parameters(own[1:]),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _parameters(own: list[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    for name, (annotation, default) in _SHARED.items():
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
    for each in own:
        yield each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
