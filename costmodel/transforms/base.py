"""What a transform is: a frozen dataclass whose fields are its options, its study row and its text form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from costmodel.conditions import demand_between
from costmodel.errors import OptionError, TransformError, nearest
from costmodel.escape import shell
from costmodel.graph import Graph
from costmodel.numbers import Size, is_array, is_symbolic
from costmodel.options import Option, Value
from costmodel.spec.axes import ADDED
from costmodel.transforms.catalogue import Catalogue

if TYPE_CHECKING:
    from torch import Tensor

Carries = Literal["exact", "initial", "none"]

TRANSFORMS = Catalogue(__package__, [str(Path(__file__).parent)])


def option(
    default: Value,
    help: str,
    *,
    kind: type[bool] | type[int] | type[str] | None = None,
    choices: tuple[str, ...] = (),
    least: int | None = None,
    most: int | None = None,
    unit: str = "",
    is_size: bool = False,
    also: str = "",
    of_file: Callable[[Path], str] | None = None,
    also_words: str = "",
    is_later: bool = False,
) -> Any:  # as dataclasses.field: what stands in the class is the default of any type
    """A field of a transform that is one of its options.

    Args:
        default: its value where it is not given.
        help: one line that explains it.
        kind: the type of its values; that of the default unless given.
        choices: the texts that it may be, where they are few.
        least: the smallest number.
        most: the largest number.
        unit: what a number counts, such as `input frames`.
        is_size: whether it is a size of the network too, as `--set`, `--free` and axes know them: then it may
            be a symbol or an array.
        also: a regular expression of texts that it takes besides numbers.
        of_file: reads such a text from a file of a command line.
        also_words: those texts and files in words, for messages.
        is_later: whether networks had addresses before there was such an option: its default is not written.
    """
    kind = kind or type(default)  # type: ignore[assignment]
    besides = {"also": also, "of_file": of_file, "also_words": also_words}
    chosen = Option("", help, kind, default, choices, least, most, unit, **besides)  # type: ignore[arg-type]
    return dataclasses.field(
        default=default, metadata={"option": chosen, "is_size": is_size, "is_later": is_later}
    )


@dataclasses.dataclass(frozen=True)
class Transform:
    """A graph made of another, as data: its fields are its options.

    A subclass states:

    * `word` and `about`: `--word` on the command line, and its one line of help;
    * `needs`: a clip network, a stream, or any; `gives_stream`: whether it makes the one of the other; one
      that does has two halves, `prepared` and `streamed`;
    * `carries`: whether the weights of the network before it hold behind it `exact`ly (the new network
      answers as the old one did, wherever both answer), as an `initial` value to train from, or not (`none`);
    * `not_behind`: the words of transforms whose networks it would misread;
    * `has_no`: whether a command may have it by default, so that `--no-word` leaves it out;
    * `weightless`: its options that no weight depends on: a trained network may run with other values.

    A field of the word's name is the value that the word takes: `--head features` sets the field `head`.

    Its options that are sizes (`option(..., is_size=True)`) are sizes of the network: a column of a sweep, a
    symbol of a formula. `takes_symbols` says whether the sizes of the graph may be other than numbers.

    Raises:
        OptionError: an option has a value that it does not take.
    """

    word: ClassVar[str] = ""
    about: ClassVar[str] = ""
    needs: ClassVar[Literal["clip", "stream", "any"]] = "clip"
    gives_stream: ClassVar[bool] = False
    has_no: ClassVar[bool] = False
    not_behind: ClassVar[frozenset[str]] = frozenset()
    weightless: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__dict__.get("word"):
            return
        # Registered by being defined: a new transform is a file of its own and no entry in a list.
        TRANSFORMS.register(cls)

    def __post_init__(self) -> None:
        for each in self.options():
            value = getattr(self, each.name)
            # Told apart from a wrong option: `formula` tries half a size to see whether it must be whole.
            if each.name in self.sizes and isinstance(value, Fraction):
                raise OptionError(f"{each.flag}: {value}, expected a whole number of {each.unit}")
            if each.name in self.sizes and (is_array(value) or is_symbolic(value)):
                demand_between(value, 0 if each.least is None else each.least, each.most)
            else:
                each.checked(value)

    def __call__(self, graph: Graph) -> Graph:
        """The graph that this makes of another.

        Raises:
            TransformError: it cannot; names the layer, the reason and the cheapest repair.
        """
        if not self.gives_stream:
            raise NotImplementedError
        return self.streamed(self.prepared(graph))

    def prepared(self, graph: Graph) -> Graph:
        """Of one that gives a stream, the clip network that the stream runs: the graph, unless it says so."""
        return graph

    def streamed(self, clip: Graph) -> Graph:
        """Of one that gives a stream, the stream that runs a clip network which it has prepared.

        Raises:
            TransformError: a layer cannot run frame by frame.
        """
        raise NotImplementedError

    @property
    def carries(self) -> Carries:
        """How the weights of the network before it hold behind it."""
        return "exact"

    @property
    def takes_symbols(self) -> bool:
        """Whether the sizes of the graph, and its own, may be symbols and arrays."""
        return True

    def weights(self, before: Graph, after: Graph, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The tensors of the new graph, by name, from those of the one before; the same unless it says so."""
        return tensors

    @property
    def sizes(self) -> Mapping[str, Size | None]:
        """The sizes that it adds to the network's own, by name; None where one is not given."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.metadata["is_size"]
        }

    @classmethod
    @cache
    def options(cls) -> tuple[Option, ...]:
        """Its options, in the order of its fields."""
        return tuple(
            dataclasses.replace(field.metadata["option"], name=field.name)
            for field in dataclasses.fields(cls)
        )

    @classmethod
    @cache
    def own_option(cls) -> Option | None:
        """The option that its word itself is, where it takes a value: `--head features`."""
        return next((each for each in cls.options() if each.flag == f"--{cls.word}"), None)

    @property
    def chosen(self) -> Mapping[str, Value]:
        """The options that differ from their defaults, by name."""
        values = ((each, getattr(self, each.name)) for each in self.options())
        return {each.name: value for each, value in values if value != each.default}

    def run_as(self, asked: Self) -> Self:
        """A trained network's transform with the options that no weight depends on, as far as asked for."""
        free = {name: value for name, value in asked.chosen.items() if name in self.weightless}
        return dataclasses.replace(self, **free)

    def fits_weights_of(self, other: Transform) -> bool:
        """Whether weights that were trained with another of its kind hold with this one."""
        free = {name: getattr(other, name) for name in self.weightless}
        return dataclasses.replace(self, **free) == other

    @property
    def flags(self) -> str:
        """The options of the command line that give it, such as `--continual --pool 64`."""
        own = self.own_option()
        parts = [f"--{self.word}" if own is None else f"--{self.word} {shell(str(getattr(self, own.name)))}"]
        for each in self.options():
            if each == own or each.name not in self.chosen:
                continue
            value = self.chosen[each.name]
            if isinstance(value, bool):
                parts.append(each.flag if value else each.no_flag)
            else:
                parts.append(f"{each.flag} {shell(str(value))}")
        return " ".join(parts)

    def to_dict(self) -> dict[str, Value]:
        """The transform as plain data: its word and its options; later ones only where they are chosen."""
        later = {field.name for field in dataclasses.fields(self) if field.metadata["is_later"]}
        names = [each.name for each in self.options() if each.name not in later - self.chosen.keys()]
        return {"transform": self.word, **{name: getattr(self, name) for name in names}}

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Self:
        """The transform with these options, the others at their defaults.

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
        # Once each, as its options have one place on the command line and one column in a study.
        if any(type(each) is type(other) for other in chosen[:place]):
            raise TransformError(f"--{each.word}: stands twice, expected once at most")
        if each.needs == "clip" and is_stream:
            maker = next(other.word for other in chosen if other.gives_stream)
            raise TransformError(f"--{each.word}: changes a clip network; give it ahead of --{maker}")
        if each.needs == "stream" and not is_stream:
            raise TransformError(f"--{each.word}: changes a stream; give it behind --continual")
        for other in chosen[:place]:
            if other.word in each.not_behind:
                raise TransformError(
                    f"--{each.word}: cannot stand behind --{other.word}; give one of the two"
                )
        is_stream = is_stream or each.gives_stream
    return chosen


def transform_from(data: Mapping[str, Value]) -> Transform:
    """A transform from what `to_dict` gave.

    Raises:
        OptionError: the transform or one of its options is not known, or has a wrong value.
    """
    word = str(data.get("transform", ""))
    if word not in TRANSFORMS:
        raise OptionError(f"unknown transform {word!r}{nearest(word, TRANSFORMS)}")
    return TRANSFORMS[word].of({name: value for name, value in data.items() if name != "transform"})


def _added() -> Mapping[str, str]:
    """The sizes that transforms add to a network's own, each with the word of its transform."""
    return {
        field.name: word
        for word, kind in TRANSFORMS.items()
        for field in dataclasses.fields(kind)
        if field.metadata["is_size"]
    }


ADDED.known = _added
