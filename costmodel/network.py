"""A network as data: a spec, the values of its sizes, its transforms in order. Graphs are made here alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import CostModelError, OptionError, TransformError
from costmodel.escape import shell
from costmodel.graph import Graph
from costmodel.numbers import Number, Ratios, Size, exact, is_exact
from costmodel.spec.axes import axes_of, declares_none
from costmodel.spec.document import Document, document
from costmodel.spec.elaborate import elaborate
from costmodel.spec.elaborate import load as load  # as `costmodel.load`: transforms are known here
from costmodel.spec.resolved import exact_text
from costmodel.transforms import TRANSFORMS, Transform, composed
from costmodel.transforms.base import Carries

if TYPE_CHECKING:
    from torch import Tensor

Settings = Mapping[str, Number]
AnyTransform = TypeVar("AnyTransform", bound=Transform)
NameValue = Callable[[str, Number], Number]


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A spec with values for its sizes, and the transforms that are applied to it, in their order.

    Args:
        document: the spec.
        settings: sizes and structure by name, over the variant's: exact numbers, or for formulas and sweeps
            symbols and arrays. A size that a transform adds goes to the transform.
        transforms: what is made of the spec's own network.
        variant: the variant of the spec, or its own default.
        spec: the path or shipped name that the user gave, for titles and flags.

    Raises:
        TransformError: the transforms cannot follow each other.
        OptionError: a transform does not take a size that is given to it.
    """

    document: Document
    settings: Settings = field(default_factory=dict)
    transforms: tuple[Transform, ...] = ()
    variant: str | None = None
    spec: str = ""
    _made: dict[int, Graph] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return f"<network {self.flags}>"

    def __post_init__(self) -> None:
        sized = tuple(self._with_own_sizes(each) for each in self.transforms)
        # A size that both the spec and a transform have is the spec's.
        taken = {name for each in sized for name in each.sizes if name not in self.document.globals}
        settings = {name: value for name, value in self.settings.items() if name not in taken}
        # The class is frozen: these two fields are put in order once, here, before anybody sees them.
        object.__setattr__(self, "transforms", composed(sized))
        object.__setattr__(self, "settings", settings)

    @classmethod
    def of(
        cls,
        spec: str | Path,
        variant: str | None = None,
        sets: Settings | None = None,
        transforms: Iterable[Transform] = (),
    ) -> Self:
        """The network of a path or shipped name.

        Raises:
            CostModelError: the spec cannot be read, or the transforms cannot follow each other.
        """
        return cls(document(spec), sets or {}, tuple(transforms), variant, str(spec))

    def graph(self, name_value: NameValue | None = None) -> Graph:
        """The network with all its transforms, made once.

        Args:
            name_value: called with each `let` name of the spec and its value; its answer is used instead.

        Raises:
            CostModelError: there is no such network.
        """
        if name_value is None:
            return self._after(len(self.transforms))
        graph = elaborate(self.document, self.variant, self.settings, name_value=name_value)
        for transform in self.transforms:
            graph = self._applied(transform, graph)
        return graph

    def clip(self) -> Graph:
        """The clip network: as the transform that makes a stream of it runs it, where there is one."""
        for place, each in enumerate(self.transforms):
            if each.gives_stream:
                return each.prepared(self._after(place))
        return self._after(len(self.transforms))

    def stream_of(self, clip: Graph) -> Graph:
        """What `clip` gave, run through the transforms from the one that makes a stream of it to the last."""
        made = clip
        for each in self.transforms:
            if each.gives_stream:
                made = self._allowed(each).streamed(clip)
            elif made.is_stream:
                made = self._applied(each, made)
        return made

    @property
    def is_stream(self) -> bool:
        """Whether a transform makes a stream of it."""
        return any(each.gives_stream for each in self.transforms)

    @cached_property
    def sizes(self) -> Mapping[str, Number]:
        """The value of every size: the spec's structure and sizes, and those that the transforms add."""
        own = self.document.settings(self.variant, self.settings)
        return own | {name: value for name, value in self._added.items() if value is not None}

    @property
    def size_names(self) -> frozenset[str]:
        """The names that `--set` takes here."""
        return frozenset((*self.document.globals, *self.document.implied, *self._added))

    @property
    def is_exact(self) -> bool:
        """Whether all sizes are numbers, no symbols and no arrays."""
        return all(is_exact(value) for value in self.sizes.values())

    @property
    def takes_symbols(self) -> bool:
        """Whether every transform lets symbols and arrays pass."""
        return all(each.takes_symbols for each in self.transforms)

    def with_sizes(self, values: Settings) -> Self:
        """The same network with other values for some sizes."""
        return replace(self, settings={**self.settings, **values})

    def with_input_sizes(self) -> Self:
        """The same network; of a spec without axes also the frames and the crop of its input as sizes."""
        if not declares_none(self.document):
            return self
        implied = {name: item.value for name, item in self.document.implied.items()}
        return replace(self, settings={**implied, **self.settings})

    def with_transform(self, transform: Transform) -> Self:
        """The same network with a transform: in place of the one of its kind, or behind all others."""
        kinds = [type(each) for each in self.transforms]
        if type(transform) not in kinds:
            made = replace(self, transforms=(*self.transforms, transform))
            made._made.update(self._made)  # what stands ahead of the new one is the same
            return made
        place = kinds.index(type(transform))
        return replace(self, transforms=(*self.transforms[:place], transform, *self.transforms[place + 1 :]))

    def without(self, kind: type[Transform]) -> Self:
        """The same network without its transform of a kind."""
        return replace(self, transforms=tuple(each for each in self.transforms if not isinstance(each, kind)))

    def made_by(self, kind: type[AnyTransform]) -> AnyTransform | None:
        """Its transform of a kind; None where it has none."""
        return next((each for each in self.transforms if isinstance(each, kind)), None)

    def continual(self) -> Self:
        """The same network frame by frame."""
        from costmodel.transforms.continual import Continual

        return self if self.is_stream else self.with_transform(Continual())

    def carried(self, tensors: Mapping[str, Tensor], since: int = 0) -> Mapping[str, Tensor]:
        """Weights of the spec's own network, by name, as its transforms hand them on.

        Args:
            tensors: the weights.
            since: how many of its first transforms they were trained with.

        Raises:
            TransformError: one does not.
        """
        for place, each in list(enumerate(self.transforms))[since:]:
            if each.carries == "none":
                raise TransformError(f"--{each.word}: carries no weights over; train the network anew")
            tensors = each.weights(self._after(place), self._after(place + 1), tensors)
        return tensors

    @property
    def carries(self) -> Carries:
        """How weights of the spec's own network hold behind all its transforms."""
        found = {each.carries for each in self.transforms}
        return "none" if "none" in found else "initial" if "initial" in found else "exact"

    @property
    def every(self) -> Size:
        """Camera frames per frame of the network."""
        return self._after(0).every

    @property
    def weights_note(self) -> str:
        """What a reader must know of weights that were trained without its transforms; mostly nothing."""
        words = " ".join(f"--{each.word}" for each in self.transforms if each.carries == "initial")
        return f"weights trained without {words} are a first value to train from" if words else ""

    @cached_property
    def identity(self) -> str:
        """Its content address: the layers, how they are joined, and the transforms; names play no part.

        Raises:
            OptionError: a size is a symbol or an array: only one network has an address.
        """
        from costmodel.address import address

        self._must_be_exact()
        try:
            graph = self.with_sizes(_as_arrays(self)).graph()
        except CostModelError:  # what decides which layers exist cannot be an array in this spec
            graph = self.graph()
        return address(graph, self.transforms)

    @property
    def flags(self) -> str:
        """The command line that gives it, behind the command's name: safe to paste, every value exact."""
        spec = self.spec or self.document.name
        parts = [shell(f"./{spec}" if spec.startswith("-") else spec)]
        if self.variant is not None:
            parts.append(f"--variant {shell(self.variant)}")
        parts += [f"--set {shell(f'{name}={exact_text(v)}')}" for name, v in self.settings.items()]
        return " ".join((*parts, *(each.flags for each in self.transforms)))

    def to_dict(self) -> dict[str, object]:
        """The network as plain data that needs no file: the resolved spec, exact sizes, the transforms.

        Raises:
            OptionError: a size is a symbol or an array.
        """
        from costmodel.network_data import plain_data

        self._must_be_exact()
        own = self.document.settings(self.variant, self.settings)
        sizes = {name: exact(value) for name, value in own.items()}
        return plain_data(self.document, self.variant, sizes, self.transforms)

    @classmethod
    def from_dict(cls, data: object, spec: str = "") -> Self:
        """A network from what `to_dict` gave; nothing but `data` is read.

        Raises:
            CostModelError: it has another form, or a value is wrong.
        """
        from costmodel.network_data import read_data

        given = read_data(data)
        return cls(given.document, given.sizes, given.transforms, given.variant, spec)

    def __reduce__(self) -> tuple[Callable[[object, str], Network], tuple[dict[str, object], str]]:
        """Workers get the plain data: graphs are made anew where they are needed."""
        return Network.from_dict, (self.to_dict(), self.spec)

    @property
    def _added(self) -> Mapping[str, Size | None]:
        """The sizes that transforms add; where the spec has one of that name, the name means the spec's."""
        sizes = {name: value for each in self.transforms for name, value in each.sizes.items()}
        return {name: value for name, value in sizes.items() if name not in self.document.globals}

    def _with_own_sizes(self, transform: Transform) -> Transform:
        names = (name for name in transform.sizes if name not in self.document.globals)
        given = {name: self.settings[name] for name in names if name in self.settings}
        return replace(transform, **given) if given else transform

    def _after(self, number: int) -> Graph:
        """The network behind so many of its transforms."""
        if number not in self._made:
            self._made[number] = (
                self._applied(self.transforms[number - 1], self._after(number - 1))
                if number
                else elaborate(self.document, self.variant, self.settings)
            )
        return self._made[number]

    def _applied(self, transform: Transform, graph: Graph) -> Graph:
        try:
            return self._allowed(transform)(graph)
        except TransformError as error:
            # Not of wrong options, which begin with their flag: of a layer that has no frame-by-frame form.
            if not (transform.gives_stream and self.is_exact) or str(error).startswith("--"):
                raise
            place = self.transforms.index(transform)
            asked = replace(self, transforms=self.transforms[:place]).flags
            price = self._price_of_clips(graph)
            raise TransformError(f"{error}{price}; repairs: costmodel diagnose {asked}") from error

    def _price_of_clips(self, graph: Graph) -> str:
        """What a sampled network costs run on a clip now and then, beside the stream without its sampler."""
        kind = TRANSFORMS["sgs"] if any(each.word == "sgs" for each in self.transforms) else None
        if kind is None:
            return ""
        clip = evaluate(Figures(graph), "macs_per_clip")
        frame = evaluate(Figures(self.without(kind).graph()), "macs_per_frame")
        return f" ({clip:,} multiply-adds a clip at most; the stream without it {float(frame):,.0f} a frame)"

    def _allowed(self, transform: Transform) -> Transform:
        if not transform.takes_symbols and not self.is_exact:
            raise TransformError(f"{transform.flags}: takes sizes that are numbers, no symbols and no arrays")
        return transform

    def _must_be_exact(self) -> None:
        for name, value in self.sizes.items():
            if not is_exact(value):
                raise OptionError(f"{name}: is a symbol or an array, expected a number: one network is meant")


def _as_arrays(network: Network) -> Settings:
    """The sizes that the spec's axes move as arrays of one, so that repeated blocks stand once.

    Searches work networks out so, many at a time; a network has one address however it was come by.
    """
    import numpy as np

    names = {name for axis in axes_of(network.document) for name in (axis.moves, *axis.follows)}
    moving = {name: exact(network.sizes[name]) for name in names if name in network.sizes}
    return {
        name: np.array([value])
        if isinstance(value, int)
        else Ratios(np.array([value.numerator]), np.array([value.denominator]))
        for name, value in moving.items()
    }
