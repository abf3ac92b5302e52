"""Options that every command on a spec shares, and the network that they name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from costmodel.graph import Graph
from costmodel.spec import Document, document, elaborate, parse_set
from costmodel.transforms.continual import Continual


class Format(StrEnum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


class State(StrEnum):
    """What a step keeps between frames."""

    PARTIAL = "partial"
    WINDOW = "window"
    SMALLEST = "smallest"


class Excite(StrEnum):
    """Over what squeeze-excite pools in a stream."""

    FRAME = "frame"
    CLIP = "clip"


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
_SHARED: Mapping[str, tuple[Any, Any]] = {
    "variant": (Annotated[str | None, typer.Option(help="A variant of the spec, such as XS.")], None),
    "set": (
        Annotated[
            list[str] | None, typer.Option(metavar="NAME=VALUE", help="A size of the spec; repeatable.")
        ],
        None,
    ),
    "continual": (
        Annotated[bool, typer.Option("--continual", help="Run the network frame by frame on a stream.")],
        False,
    ),
    "pool": (
        Annotated[int | None, typer.Option(help="Input frames that the last pool covers, with --continual.")],
        None,
    ),
    "state": (Annotated[State, typer.Option(help="What a step keeps, with --continual.")], State.PARTIAL),
    "excite": (
        Annotated[Excite, typer.Option(help="Over what squeeze-excite pools, with --continual.")],
        Excite.FRAME,
    ),
}


@dataclass(frozen=True)
class Source:
    """The network that a command was given: the spec, its variant and values, and the transforms."""

    spec: str
    variant: str | None = None
    sets: Mapping[str, Any] | None = None
    stream: Continual | None = None

    def document(self) -> Document:
        """The spec's document."""
        return document(self.spec)

    def clip(self) -> Graph:
        """The clip network."""
        return elaborate(self.document(), self.variant, self.sets)

    def graph(self) -> Graph:
        """The network with its transforms: the clip network, or the stream."""
        clip = self.clip()
        return clip if self.stream is None else self.stream(clip)

    def continual(self) -> Source:
        """The same network frame by frame."""
        return self if self.stream is not None else replace(self, stream=Continual())


def source_of(spec: str, shared: Mapping[str, Any]) -> Source:
    """The network that a spec and the shared options name.

    Raises:
        CostModelError: an option has a wrong value, or stands without --continual.
    """
    sets = dict(parse_set(text) for text in shared["set"] or ())
    stream = Continual(shared["pool"], shared["state"].value, shared["excite"].value)
    if shared["continual"]:
        return Source(spec, shared["variant"], sets, stream)
    for name in ("pool", "state", "excite"):
        if shared[name] != _SHARED[name][1]:
            raise typer.BadParameter("is for streams; add --continual", param_hint=f"--{name}")
    return Source(spec, shared["variant"], sets)


def _source_or_none(spec: str | None, shared: Mapping[str, Any]) -> Source | None:
    if spec is not None:
        return source_of(spec, shared)
    for name, (_, default) in _SHARED.items():
        if shared[name] != default:
            raise typer.BadParameter("is for a SPEC; name one", param_hint=f"--{name}")
    return None


def on_spec(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Gives a command the argument SPEC and the shared options; it receives a `Source` first.

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
        shared["continual"] |= given.get("stepwise", False)  # a command's own way to say so
        spec = given.pop("spec")
        if several:
            return function([source_of(each, shared) for each in spec], **given)
        return function(_source_or_none(spec, shared) if is_optional else source_of(spec, shared), **given)

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
