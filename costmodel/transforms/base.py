"""What a transform is: a frozen dataclass whose fields are its options, its study row and its text form."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from costmodel.errors import OptionError, TransformError, nearest
from costmodel.graph import Graph
from costmodel.options import Option, Value

if TYPE_CHECKING:
    from torch import Tensor

Carries = Literal["exact", "initial", "none"]

TRANSFORMS: dict[str, type[Transform]] = {}


def option(
    default: Value,
    help: str,
    *,
    kind: type[bool] | type[int] | type[str] | None = None,
    choices: tuple[str, ...] = (),
    least: int | None = None,
    most: int | None = None,
    unit: str = "",
) -> Any:
    """A field of a transform that is one of its options.

    Args:
        default: its value where it is not given.
        help: one line that explains it.
        kind: the type of its values; that of the default unless given.
        choices: the texts that it may be, where they are few.
        least: the smallest number.
        most: the largest number.
        unit: what a number counts, such as `input frames`.
    """
    chosen = Option("", help, kind or type(default), default, choices, least, most, unit)  # type: ignore[arg-type]
    return dataclasses.field(default=default, metadata={"option": chosen})


@dataclasses.dataclass(frozen=True)
class Transform:
    """A graph made of another, as data: its fields are its options.

    A subclass states its `word` (`--word` on the command line) and `about` (one line of help); whether it
    `needs` a clip network or a stream, whether it `gives_stream`; how weights carry over (`carries`: exactly,
    as an initialisation, or not at all); and whether sizes may be symbols and arrays (`takes_symbols`).

    Raises:
        OptionError: an option has a value that it does not take.
    """

    word: ClassVar[str] = ""
    about: ClassVar[str] = ""
    needs: ClassVar[Literal["clip", "stream", "any"]] = "clip"
    gives_stream: ClassVar[bool] = False
    carries: ClassVar[Carries] = "exact"
    takes_symbols: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__dict__.get("word"):
            return
        if cls.word in TRANSFORMS:
            raise TransformError(f"transform {cls.word!r} is registered twice")
        TRANSFORMS[cls.word] = cls

    def __post_init__(self) -> None:
        for each in self.options():
            each.checked(getattr(self, each.name))

    def __call__(self, graph: Graph) -> Graph:
        """The graph that this makes of another.

        Raises:
            TransformError: it cannot; names the layer, the reason and the cheapest repair.
        """
        raise NotImplementedError

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The tensors of the new graph, by name, from those of the one before; the same unless it says so."""
        return tensors

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes that it adds to the network's own, by name, with their values here."""
        return {}

    @classmethod
    @cache
    def options(cls) -> tuple[Option, ...]:
        """Its options, in the order of its fields."""
        return tuple(
            dataclasses.replace(field.metadata["option"], name=field.name)
            for field in dataclasses.fields(cls)
        )

    @property
    def chosen(self) -> Mapping[str, Value]:
        """The options that differ from their defaults, by name."""
        values = ((each, getattr(self, each.name)) for each in self.options())
        return {each.name: value for each, value in values if value != each.default}

    @property
    def flags(self) -> str:
        """The options of the command line that give it, such as `--continual --pool 64`."""
        parts = [f"--{self.word}"]
        options = {each.name: each for each in self.options()}
        for name, value in self.chosen.items():
            no = f"--no-{options[name].flag[2:]}"
            parts.append(
                (options[name].flag if value else no)
                if isinstance(value, bool)
                else f"{options[name].flag} {value}"
            )
        return " ".join(parts)

    def to_dict(self) -> dict[str, Value]:
        """It as plain data: its word and all its options."""
        return {"transform": self.word, **{each.name: getattr(self, each.name) for each in self.options()}}

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Self:
        """It with some options given.

        Raises:
            OptionError: an option is not one of its own, or has a value that it does not take.
        """
        known = [each.name for each in cls.options()]
        for name in values:
            if name not in known:
                raise OptionError(f"{cls.word}: unknown option {name!r}{nearest(name, known)}")
        return cls(**values)


def composed(transforms: Iterable[Transform]) -> tuple[Transform, ...]:
    """The transforms in their order, once it is clear that each can follow those before it.

    Raises:
        TransformError: one stands twice, or needs a clip network where a stream has been made, or a stream
            where none has.
    """
    chosen = tuple(transforms)
    is_stream = False
    for place, each in enumerate(chosen):
        if any(type(each) is type(other) for other in chosen[:place]):
            raise TransformError(f"--{each.word}: stands twice")
        if each.needs == "clip" and is_stream:
            raise TransformError(
                f"--{each.word}: changes a clip network; give it ahead of --{_stream_maker(chosen)}"
            )
        if each.needs == "stream" and not is_stream:
            raise TransformError(f"--{each.word}: changes a stream; give it behind --continual")
        is_stream = is_stream or each.gives_stream
    return chosen


def _stream_maker(transforms: Iterable[Transform]) -> str:
    return next(each.word for each in transforms if each.gives_stream)


def transform_from(data: Mapping[str, Value]) -> Transform:
    """A transform from what `to_dict` gave.

    Raises:
        OptionError: the transform or one of its options is not known, or has a wrong value.
    """
    word = str(data.get("transform", ""))
    if word not in TRANSFORMS:
        raise OptionError(f"unknown transform {word!r}{nearest(word, TRANSFORMS)}")
    return TRANSFORMS[word].of({name: value for name, value in data.items() if name != "transform"})
