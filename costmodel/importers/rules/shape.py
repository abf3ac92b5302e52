"""What only arranges values anew: views, permutations, dimensions of size 1."""

from __future__ import annotations

from dataclasses import replace

from costmodel.importers.call import Call
from costmodel.importers.layout import REPEATED, Atom, Dims, LayoutError, described, regrouped
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.value import Canvas, Scores, Value
from costmodel.ops import Dropout


@rule(
    "view.default",
    "_unsafe_view.default",
    "reshape.default",
    "flatten.using_ints",
    "unflatten.int",
    "view_as.default",
    "reshape_as.default",
)
@rule("squeeze.dim", "squeeze.dims", "squeeze.default", "unsqueeze.default")
def reshaped(call: Call) -> Value | Scores:
    """The same values in the same order in another shape, which the node itself tells."""
    call.given.changes_nothing("size", "shape", "start_dim", "end_dim", "dim", "sizes", "other")
    found = call.found("self")
    if isinstance(found, Scores) and call.shape[-2:] == found.shape[-2:]:
        return replace(found, leading=_regrouped(found.leading, call.shape[:-2]))
    value = call.as_value(found)
    return value.viewed(_regrouped(value.dims, call.shape))


def _regrouped(dims: Dims, shape: tuple[int, ...]) -> Dims:
    try:
        return regrouped(dims, shape)
    except LayoutError as error:
        raise Refusal(
            f"the new shape cuts an axis apart: {error}, of {described(dims)}",
            "reshape to whole axes, or to parts that divide them",
        ) from error


@rule("permute.default", "transpose.int", "t.default", "movedim.int", "movedim.intlist", "numpy_T.default")
def permuted(call: Call) -> Value | Canvas:
    """The dimensions in another order."""
    found = call.found("a" if "a" in call.given else "self")
    if isinstance(found, Canvas):
        return _canvas(found, _order(call, len(found.shape)))
    value = call.as_value(found)
    return value.viewed(tuple(value.dims[index] for index in _order(call, len(value.dims))))


def _canvas(canvas: Canvas, order: list[int]) -> Canvas:
    """What was written into slices, with its dimensions in another order."""
    pieces = tuple(
        (
            tuple(place[index] for index in order),
            piece.viewed(tuple(piece.dims[index] for index in order)),
        )
        for place, piece in canvas.pieces
    )
    return Canvas(tuple(canvas.shape[index] for index in order), pieces)


def _order(call: Call, rank: int) -> list[int]:
    order = list(range(rank))
    name = str(call.node.target).split(".")[1]
    if name == "permute":
        order = [int(each) % len(order) for each in call.given["dims"]]
    elif name == "transpose":
        one, other = (call.dimension(each, len(order)) for each in ("dim0", "dim1"))
        order[one], order[other] = order[other], order[one]
    elif name == "movedim":
        order = _moved(call, len(order))
    else:
        order.reverse()
    return order


def _moved(call: Call, rank: int) -> list[int]:
    given = [call.given["source"], call.given["destination"]]
    sources, destinations = (
        [int(each) % rank for each in (entry if isinstance(entry, list | tuple) else [entry])]
        for entry in given
    )
    rest = iter(index for index in range(rank) if index not in sources)
    places = dict(zip(destinations, sources, strict=True))
    return [places[index] if index in places else next(rest) for index in range(rank)]


@rule("expand.default", "expand_as.default")
def expanded(call: Call) -> Value:
    """Dimensions of size 1 repeated, and new ones ahead."""
    call.given.changes_nothing("size", "implicit", "other")
    value = call.value()
    dims = ((),) * (len(call.shape) - len(value.dims)) + value.dims
    return value.viewed(
        tuple(
            (Atom(REPEATED, size),) if size > 1 and not dim else dim
            for dim, size in zip(dims, call.shape, strict=True)
        )
    )


@rule(
    "clone.default",
    "contiguous.default",
    "alias.default",
    "detach.default",
    "lift_fresh_copy.default",
    "_assert_tensor_metadata.default",
    "to.dtype",
    "_to_copy.default",
    "type_as.default",
    "to.device",
    "to.dtype_layout",
)
def same(call: Call) -> Value | Scores:
    """The same values; another number type would be another network."""
    call.given.changes_nothing("memory_format", "implicit", "non_blocking", "copy", "layout", "device")
    call.given.changes_nothing("pin_memory", "size", "stride", "dtype", "other")  # the type is compared below
    found = call.found("self" if "self" in call.given else "a")
    before, after = call.node.all_input_nodes[0].meta["val"], call.node.meta.get("val")
    if after is not None and before.dtype != after.dtype:
        raise Refusal(f"turns {before.dtype} into {after.dtype}", "leave all numbers of one type")
    return found if isinstance(found, Scores) else call.as_value(found)


@rule("dropout.default", "feature_dropout.default", "native_dropout.default", "alpha_dropout.default")
def dropout(call: Call) -> Value | Scores:
    """A dropout, which only training draws."""
    if call.given["train"]:
        raise Refusal("drops values at random", "call eval() on the network")
    found = call.found("input")
    if isinstance(found, Scores):
        call.given.changes_nothing("p")
        return found
    return call.each_value(Dropout(rate=call.share("p")), call.settled(call.as_value(found)))
