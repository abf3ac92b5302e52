"""What an op is: a frozen dataclass that states facts, from which every figure is derived."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterator, Mapping
from fractions import Fraction
from math import prod
from typing import ClassVar, Literal

from costmodel.conditions import demand, demand_between
from costmodel.errors import GraphError, OptionError, ShapeError, TransformError, nearest
from costmodel.numbers import Condition, Size, is_exact
from costmodel.types import FRAMEWISE, NOTHING, Carry, Shape, Streaming, TensorType, Window, Work

Triple = tuple[Size, Size, Size]
# Another name of the same: specs allow zeros in fields that are called so.
PadTriple = Triple
PoolTriple = tuple[Size | None, Size | None, Size | None]
Kept = Literal["first", "centred", "newest"]
Demand = tuple[Condition, str, tuple[object, ...]]

OPS: dict[str, type[Op]] = {}


@dataclasses.dataclass(frozen=True)
class Op:
    """A layer as facts over its input types.

    A subclass with a `word` is what a spec calls by that word; its fields, but those `hidden`, are the word's
    fields. `demands` yields what must hold of the inputs: the condition, and a message with its values,
    formatted only when the condition fails.

    Facts of the class:
        slides: whether a window over the whole clip may slide over any number of frames instead.
        is_gate: whether its second input only scales the first.
        is_cumulative: whether it answers from a frame and all frames before it, pooled.
        is_aside: whether it sees the whole clip only to weigh its frames, which widens no window.
        is_view: whether it gives its input on as it is.
        takes_newest: whether it answers the newest frame of a clip alone.
        is_wait: whether it only holds its input back.
        is_convolution: whether it slides learned filters, which the depth and the entropy score count.
        flattens: whether it joins all positions into channels.
        hands_on_gradient: whether the gradient of its output is that of its inputs.
        has_no_stream: whether a stream has no counterpart of what it makes of a clip, only other networks.
        rearranges: whether it works on copies of its inputs in another order.
        is_random: whether a mask is drawn for it in training.
        runs: whether it is a layer that can be run; of others costs alone are known.
        written: how PyTorch code ordinarily has it, a key of `WAYS`.
        repair: what to do where it cannot run frame by frame.
    """

    word: ClassVar[str] = ""
    arity: ClassVar[int | None] = 1
    is_step_form: ClassVar[bool] = False
    hidden: ClassVar[frozenset[str]] = frozenset()
    slides: ClassVar[bool] = False
    is_gate: ClassVar[bool] = False
    is_cumulative: ClassVar[bool] = False
    is_aside: ClassVar[bool] = False
    is_view: ClassVar[bool] = False
    takes_newest: ClassVar[bool] = False
    is_wait: ClassVar[bool] = False
    is_convolution: ClassVar[bool] = False
    flattens: ClassVar[bool] = False
    hands_on_gradient: ClassVar[bool] = False
    has_no_stream: ClassVar[bool] = False
    rearranges: ClassVar[bool] = False
    is_random: ClassVar[bool] = False
    runs: ClassVar[bool] = True
    written: ClassVar[str] = "module"
    repair: ClassVar[str] = "put a global_pool ahead of it, or pool over time first"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        # Its own word alone: a subclass without one would register its family's a second time.
        word = cls.__dict__.get("word", "")
        if not word:
            return
        if word in OPS:
            raise GraphError(f"op {word!r} is registered twice, by {OPS[word].__name__} and {cls.__name__}")
        OPS[word] = cls

    def demands(self, *inputs: TensorType) -> Iterator[Demand]:
        """What must hold of the inputs for the op to make sense."""
        yield from ()

    def out(self, *inputs: TensorType) -> TensorType:
        """The type of the output."""
        return inputs[0]

    def weights(self, *inputs: TensorType) -> Mapping[str, Shape]:
        """Shapes of the learned values, by parameter name."""
        return {}

    def work(self, *inputs: TensorType) -> Work:
        """Operations by kind, for one whole output."""
        return {}

    def window(self, *inputs: TensorType) -> Window:
        """How the op looks through time."""
        return FRAMEWISE

    def frames_read(self, answer: int, *inputs: TensorType) -> Collection[int] | None:
        """Of a clip the frames of its input that one answer reads; None where its window tells."""
        return None

    def skips(self, *inputs: TensorType) -> tuple[Size, ...]:
        """How many frames of each input it leaves out ahead: so far ahead it reads that input."""
        return (0,) * len(inputs)

    def carry(self, *inputs: TensorType) -> Carry:
        """What the op must keep between frames beyond its window, and how its taps combine."""
        return NOTHING

    def streamed(self, stream: Streaming, *inputs: TensorType) -> Op:
        """Its frame-by-frame form; itself, where it treats each frame alone.

        Raises:
            TransformError: it has none here; the message gives the reason and the cheapest repair.
        """
        if self.window(*inputs).is_framewise:
            return self
        raise TransformError(
            f"{self.word} needs all {inputs[0].time} frames of the clip at once and cannot run frame by "
            f"frame; {self.repair}"
        )

    def filling(self) -> Op:
        """The op on branches of unequal numbers of frames, where it can fill up the shorter; else itself."""
        return self

    def cropping(self, where: Kept) -> Op:
        """Itself, its branches cut to the frames that all have: `first`, `centred` or `newest` ones."""
        return self

    def in_place(self, *inputs: TensorType) -> Mapping[str, Op]:
        """Ops that run frame by frame where it cannot, by what they do; the nearest to it first."""
        return {}

    def made_causal(self, *inputs: TensorType) -> Op:
        """Itself, looking at no frame to come.

        Raises:
            TransformError: it must see such frames; the message gives the reason and the repair.
        """
        window = self.window(*inputs)
        if window.whole_clip:
            raise TransformError(
                f"{self.word} sees all frames of the clip, those to come as well; leave it out"
            )
        # What remembers for ever, and what looks at the past, is causal already.
        if not window.unbounded and is_exact(window.last) and window.last > 0:
            raise TransformError(
                f"{self.word} takes frames from {window.last} ahead; let it look at the past instead"
            )
        return self

    def of_each_frame(self, *inputs: TensorType) -> Op | None:
        """Itself on each frame alone, of every frame; None where nothing is left of it then.

        What remembers frames, and looks at none to come, stays as it is.

        Raises:
            TransformError: it must see frames to come; the message gives the reason and the repair.
        """
        return self.made_causal(*inputs)

    def inflated(self, strides: bool) -> Op:
        """Itself in time as in height: kernel, dilation and padding, and with `strides` those too."""
        return self

    def strided_in_time(self) -> Op:
        """Itself with the stride in time that it has in space, unless it has one there."""
        return self

    def factorised(self, *inputs: TensorType) -> tuple[Op, Op] | None:
        """Itself as one op over space and one over time, (2+1)D; None where it slides over one alone."""
        return None

    def without_stride(self) -> Op:
        """Itself answering for every frame that it reads."""
        return self

    def with_taps(self, taps: int) -> Op:
        """Itself on each frame and those before it, `taps` frames in all.

        Raises:
            TransformError: it slides over no frames.
        """
        raise TransformError(f"{self.word} has no kernel in time")

    def cumulative(self) -> Op:
        """Of a pool over the whole clip the one over all frames so far; in a clip their last alone.

        Raises:
            TransformError: it is none that can go on over all frames so far.
        """
        raise TransformError(f"{self.word} cannot go on over all frames so far")

    def with_bias(self) -> Op | None:
        """Itself with a bias, into which a batch norm behind it can be folded; None where none can be."""
        return None

    @property
    def is_hole(self) -> bool:
        """Whether nothing is known of it but its shape, so that all totals leave it out."""
        return False

    @property
    def is_adaptive(self) -> bool:
        """Whether each clip has a number of frames of its own behind it."""
        return False

    def of_all_bins(self, *inputs: TensorType) -> Op:
        """Itself with as many frames behind it for every clip: the most that any has."""
        return self

    @property
    def output_groups(self) -> Size | None:
        """Of a layer whose weight has its outputs behind its inputs, in how many groups; None of others."""
        return None

    @property
    def runs_on_images(self) -> bool:
        """Whether PyTorch code ordinarily runs it on the frames of a clip as on images."""
        return False

    @property
    def norm_eps(self) -> Fraction | None:
        """Of a batch norm what it adds to the variance; None of all others."""
        return None

    def kernel_on(self, *inputs: TensorType) -> Triple:
        """Frames, rows and columns under its window; rows and columns are 1 where it slides over none."""
        return self.window(*inputs).kernel, 1, 1

    def paddings(self, *inputs: TensorType) -> tuple[tuple[Size, Size], ...]:
        """What stands ahead of its input and behind it, in time, height and width."""
        return ((0, 0),) * 3

    def without_time_padding(self, covers: Size | None = None) -> Op:
        """Itself as it stands in a stream, where no frame is padded.

        Args:
            covers: how many frames it sees instead of the whole clip.
        """
        return self

    def spelled_out(self) -> Op:
        """Itself with its defaults put in that depend on its other fields."""
        return self

    def stays(self, *inputs: TensorType) -> Condition:
        """Whether its output is a view of its input, and no copy."""
        return self.is_view

    def allocates(self, *inputs: TensorType) -> Size:
        """Numbers that training makes for its output: none for a view of its input."""
        return self.out(*inputs).values

    @property
    def looked_up(self) -> Size:
        """How many values it looks up by their places in what it learned."""
        return 0

    @property
    def described(self) -> str:
        """Its fields that differ from their defaults, for a reader."""
        given = ((field, getattr(self, field.name)) for field in dataclasses.fields(self))
        return ", ".join(f"{field.name} {_plain(value)}" for field, value in given if value != field.default)

    def around(self, inner: Op) -> Op:
        """The same frame-by-frame form of another op; that op, where this is no such form."""
        return inner

    @property
    def unwrapped(self) -> Op:
        """The op of the clip network behind a frame-by-frame form; itself, where it is none."""
        return self

    def unwrapped_inputs(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """What the op of the clip network sees at once of the inputs."""
        return inputs

    @property
    def forms(self) -> tuple[Op, ...]:
        """The same answers with something else kept between frames, its plain form first."""
        return (self,)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "x".join("all" if each is None else str(each) for each in value)
    return str(value)


def must_look_ahead_of_pools(op: Op, stream: Streaming) -> None:
    """Refuses an op that looks through time behind a pool over the whole clip.

    Raises:
        TransformError: it stands there.
    """
    _must_stand_ahead_of_pools(
        op, stream, "looks through time", "give it a kernel of 1 in time, or put it ahead of the pool"
    )


def must_remember_ahead_of_pools(op: Op, stream: Streaming) -> None:
    """Refuses an op that remembers all frames behind a pool over the whole clip.

    Raises:
        TransformError: it stands there.
    """
    _must_stand_ahead_of_pools(
        op, stream, "remembers frames", "put it ahead of the pool, or pool each frame alone"
    )


def _must_stand_ahead_of_pools(op: Op, stream: Streaming, does: str, repair: str) -> None:
    if stream.is_behind_pool:
        raise TransformError(
            f"{op.word} {does} behind a pool over the whole clip, where a clip has one frame "
            f"and a stream many; {repair}"
        )


def op_named(word: str) -> type[Op]:
    """The op that a spec calls by this word.

    Raises:
        OptionError: no op has this word; the message lists the nearest.
    """
    if word not in OPS:
        raise OptionError(f"unknown layer {word!r}{nearest(word, OPS)}")
    return OPS[word]


def key_of(value: object) -> Hashable:
    """Something hashable that stands for a value: arrays by identity, the rest as they are."""
    try:
        hash(value)
    except TypeError:
        return _key_of_parts(value)
    return value


def _key_of_parts(value: object) -> Hashable:
    if isinstance(value, tuple):
        return tuple(key_of(item) for item in value)
    if isinstance(value, Op):
        return (type(value), *(key_of(item) for item in vars(value).values()))
    return id(value)


def params_of(weights: Mapping[str, Shape]) -> Size:
    """How many values shapes by parameter name hold."""
    return sum(prod(shape) for shape in weights.values())


def macs_of(work: Work) -> Size:
    """Multiply-accumulates among operations by kind."""
    # Every kind of a multiply-accumulate begins so; what else
    # a layer does is other work, which conventions count.
    return sum(amount for kind, amount in work.items() if kind.startswith("mac."))


def infer(op: Op, inputs: tuple[TensorType, ...]) -> TensorType:
    """The output type of an op, checked.

    Raises:
        GraphError: the op takes another number of inputs.
        ShapeError: a demand of the op does not hold for whole numbers.
    """
    if op.arity is not None and len(inputs) != op.arity:
        raise GraphError(f"takes {op.arity} input{'s' * (op.arity != 1)}, got {len(inputs)}")
    if op.arity is None and len(inputs) < 2:
        raise GraphError(f"joins two or more branches, got {len(inputs)}")
    for holds, message, values in op.demands(*inputs):
        # False alone: a symbol's condition is told to the trace,
        # and an array's marks the designs that are invalid.
        if holds is False:
            raise ShapeError(message.format(*values))
        demand(holds)
    # Behind the demands, which keep this from dividing by zero or answering nonsense.
    out = op.out(*inputs)
    for axis, size in out._asdict().items():
        if is_exact(size) and size < 1:
            raise ShapeError(f"{axis} of the output is {size}, from {' and '.join(map(str, inputs))}")
        demand_between(size, 1, None)
    return out
