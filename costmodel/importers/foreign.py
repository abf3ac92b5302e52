"""Layers in the place of calls that no rule reads: of one's own, declared in a file, or holes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from costmodel.errors import nearest
from costmodel.importers.call import Call
from costmodel.importers.dimensions import whole_axis
from costmodel.importers.layout import BATCH, CHANNELS, Dims, dim_of
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import OWN_AXES, Canvas, Constant, Value
from costmodel.numbers import Number
from costmodel.ops import Foreign, ForeignMerge
from costmodel.spec.fields import evaluate
from costmodel.spec.load import Item, read
from costmodel.types import TensorType

WHOLE_CLIP = "all"
KEYS = (*OWN_AXES, "macs", "params", "frames")


@dataclass(frozen=True)
class OwnOp:
    """A call of one's own as a file declares it: what it answers and costs, as arithmetic in its sizes.

    Args:
        place: where it is declared.
        given: its keys: sizes of the answer, `macs` and `params` of a clip, `frames` that it sees at once.
    """

    place: Item
    given: Mapping[str, Item]

    def layer(self, takes: TensorType, *, is_merge: bool) -> Foreign:
        """The layer that it is for an input of this type.

        Raises:
            SpecError: an expression of it gives no whole number.
        """
        scope: dict[str, Number] = dict(zip(OWN_AXES, map(int, takes), strict=True))
        sizes = {axis: self._whole(axis, scope, int(scope[axis]), least=1) for axis in OWN_AXES}
        scope |= {f"out_{axis}": size for axis, size in sizes.items()}
        macs, params = (self._whole(key, scope, 0) for key in ("macs", "params"))
        frames = self._frames(scope)
        time = sizes.pop("time")
        if frames == 1:
            if time != takes.time or macs % time:
                raise self.place.error(
                    f"sees one frame, and answers {time} of {takes.time} with {macs} multiply-adds, "
                    "expected as many of each"
                )
            time, macs = 0, macs // time
        kind = ForeignMerge if is_merge else Foreign
        channels, height, width = (sizes[axis] for axis in ("channels", "height", "width"))
        return kind(channels, height, width, time, macs, params, frames)

    def _frames(self, scope: Mapping[str, Number]) -> int:
        item = self.given.get("frames")
        return 0 if item is None or item.value == WHOLE_CLIP else self._whole("frames", scope, 0, least=1)

    def _whole(self, key: str, scope: Mapping[str, Number], otherwise: int, least: int = 0) -> int:
        item = self.given.get(key)
        if item is None:
            return otherwise
        value = evaluate(item, scope, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise item.error(f"{item.value} = {value}, expected a whole number from {least} on")
        return value


@dataclass(frozen=True)
class Unread:
    """What becomes of calls that no rule reads.

    Args:
        own: calls of one's own, by name.
        goes_on: whether each of the others becomes a hole; else they are refused.
    """

    own: Mapping[str, OwnOp] = field(default_factory=dict)
    goes_on: bool = False

    def declared(self, op: str) -> OwnOp | None:
        """What is declared of a call, by its name with its namespace or without."""
        return self.own.get(op) or self.own.get(op.rpartition(".")[2])


REFUSE = Unread()


def own_ops(path: Path) -> dict[str, OwnOp]:
    """The calls of one's own that a file declares, by name.

    Raises:
        CostModelError: the file cannot be read, or a key is not known.
    """
    root = read(path)
    if not isinstance(root.value, dict) or not root.value:
        raise root.error(f"{root.kind}, expected calls by name, each with {', '.join(KEYS)}")
    found = {}
    for name, item in root.value.items():
        if not isinstance(item.value, dict):
            raise item.error(f"{item.kind}, expected a mapping of {', '.join(KEYS)}")
        for key, value in item.value.items():
            if key not in KEYS:
                raise value.error(f"unknown key{nearest(key, KEYS)}")
        found[name] = OwnOp(item, item.value)
    return found


def stand_in(
    call: Call, inputs: Sequence[object], op: str, declared: OwnOp | None, refusal: Refusal
) -> Value:
    """A layer in the place of a call that no rule reads.

    Args:
        call: the call.
        inputs: what its inputs stand for.
        op: its name.
        declared: what is declared of it; None where it is a hole.
        refusal: why no rule reads it, which is raised where its answer has no place for each axis.
    """
    values = [call.settled(call.as_value(each)) for each in inputs if isinstance(each, Value | Canvas)]
    if not values or any(each.is_each for each in values):
        raise refusal
    dims = _laid_out(values, call.shape, refusal)
    sizes = {atom.axis: atom.size for dim in dims for atom in dim}
    kind = TensorType(*(sizes.get(axis, 1) for axis in OWN_AXES))
    is_merge = len(values) > 1
    if declared is None:
        params = sum(prod(each.shape) for each in inputs if isinstance(each, Constant) and each.is_parameter)
        made = ForeignMerge if is_merge else Foreign
        layer = made(kind.channels, kind.height, kind.width, kind.time, 0, params, 0, is_known=False)
    else:
        layer = declared.layer(values[0].kind, is_merge=is_merge)
        answers = layer.out(values[0].kind)
        if answers != kind:
            raise declared.place.error(f"is declared to answer {answers}, and the network has {kind} there")
    edge = call.builder.add(
        call.node, layer, [each.edge for each in values], {}, again=False, called=op.rpartition(".")[2]
    )
    return call.builder.value(edge, dims)


def _laid_out(values: Sequence[Value], shape: tuple[int, ...], refusal: Refusal) -> Dims:
    """Where the axes lie in an answer: as in an input of as many dimensions, or clips and channels."""
    for value in values:
        if len(value.dims) != len(shape):
            continue
        try:
            axes = [whole_axis(value, dim, index) for index, dim in enumerate(value.dims)]
        except Refusal:
            continue
        fits = all(
            size == value.batch if axis == BATCH else axis or size == 1
            for axis, size in zip(axes, shape, strict=True)
        )
        if fits:
            return tuple(dim_of(axis, size) if axis else () for axis, size in zip(axes, shape, strict=True))
    if len(shape) == 2 and shape[0] == values[0].batch:
        return dim_of(BATCH, shape[0]), dim_of(CHANNELS, shape[1])
    raise Refusal(f"{refusal.reason}, and nothing tells which axes it answers", refusal.nearest, refusal.op)
