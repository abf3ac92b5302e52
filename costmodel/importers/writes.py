"""Slices that are written into: zeros with values on top, and the layers that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from torch import fx

from costmodel.importers.builder import Builder
from costmodel.importers.layout import CHANNELS, TIME, dim_of
from costmodel.importers.parts import settled
from costmodel.importers.refusal import Refusal
from costmodel.importers.value import Canvas, Span, Value
from costmodel.ops import Concat, Shift

if TYPE_CHECKING:
    from costmodel.importers.call import Call

HINT = "write every channel once, into zeros, each shifted in time by a fixed number of frames"


def part_of(call: Call, canvas: Canvas, index: int, span: Span) -> Canvas:
    """A slice of a canvas, with what was written there."""
    from costmodel.importers.rules.slices import narrowed

    shape = tuple(span.size if each == index else size for each, size in enumerate(canvas.shape))
    pieces = []
    for start, value in canvas.pieces:
        first = max(start[index], span.start)
        last = min(start[index] + value.shape[index], span.start + span.size)
        if last <= first:
            continue
        kept = narrowed(call, value, index, Span(first - start[index], last - first))
        place = tuple(first - span.start if each == index else at for each, at in enumerate(start))
        pieces.append((place, kept))
    return Canvas(shape, tuple(pieces))


def written(canvas: Canvas, value: Value | Canvas, index: int, start: int) -> Canvas:
    """A canvas with a value written into a slice of it."""
    given = value.pieces if isinstance(value, Canvas) else (((0,) * len(canvas.shape), value),)
    moved = tuple(
        (tuple(at + start if each == index else at for each, at in enumerate(place)), piece)
        for place, piece in given
    )
    end = start + value.shape[index]
    # Functional code writes a whole slice back, with what was there before.
    kept = tuple(
        (place, piece)
        for place, piece in canvas.pieces
        if not (start <= place[index] and place[index] + piece.shape[index] <= end)
    )
    fresh = tuple(each for each in moved if not any(_is_part_of(each, earlier) for earlier in kept))
    return Canvas(canvas.shape, (*kept, *fresh))


def _is_part_of(part: tuple[tuple[int, ...], Value], whole: tuple[tuple[int, ...], Value]) -> bool:
    """Whether a piece says nothing that an earlier one does not say at the same place."""
    (place, one), (start, other) = part, whole
    if one.edge != other.edge:
        return False
    for index, (left, right) in enumerate(zip(one.dims, other.dims, strict=True)):
        moved = place[index] - start[index]
        if moved < 0 or place[index] + one.shape[index] > start[index] + other.shape[index]:
            return False
        atoms = [atom for atom in (*left, *right) if atom.axis in one.box]
        if any(one.box[atom.axis].start - other.box[atom.axis].start != moved for atom in atoms):
            return False
    return True


def painted(call: fx.Node, builder: Builder, canvas: Canvas) -> Value:
    """The layers that give a canvas: parts of the channels, each shifted in time, put together.

    Raises:
        Refusal: no layers of ours do.
    """
    if not canvas.pieces:
        raise Refusal("reads zeros that nothing was written into", HINT)
    channels = _channels_of(canvas)
    parts: list[Value] = []
    for place, piece in sorted(canvas.pieces, key=lambda each: each[0][channels or 0]):
        done = sum(part.size(CHANNELS) for part in parts)
        if channels is not None and place[channels] != done:
            raise Refusal("writes channels more than once, or leaves some out between others", HINT)
        parts.append(_put(piece, place, canvas.shape, channels))
    found = joined(call, builder, parts, channels)
    if channels is not None and found.size(CHANNELS) < canvas.shape[channels]:
        found = found.cut(CHANNELS, Span(0, canvas.shape[channels]))
        dims = list(found.dims)
        dims[channels] = dim_of(CHANNELS, canvas.shape[channels])
        found = replace(found, dims=tuple(dims))
    if found.shape != canvas.shape:
        raise Refusal("writes slices that do not fill the tensor", HINT)
    return found


def _channels_of(canvas: Canvas) -> int | None:
    """The dimension that holds channels; None where nothing tells."""
    pieces = [piece for _, piece in canvas.pieces]
    for index, size in enumerate(canvas.shape):
        dims = [piece.dims[index] for piece in pieces]
        if any(dim and dim[0].axis == CHANNELS for dim in dims):
            return index
        # One channel leaves no atom: where each piece is one channel, it is the dimension that none fills.
        if size > 1 and not any(dims) and all(piece.size(CHANNELS) == 1 for piece in pieces):
            return index
    return None


def _put(piece: Value, place: tuple[int, ...], shape: tuple[int, ...], channels: int | None) -> Value:
    """A piece as large as the whole in all but the channels, zeros around it."""
    for index, (start, size) in enumerate(zip(place, shape, strict=True)):
        if index == channels or (start == 0 and piece.shape[index] == size):
            continue
        dim = piece.dims[index]
        if len(dim) != 1 or dim[0].axis not in piece.box or dim[0].size != piece.size(dim[0].axis):
            raise Refusal("writes a slice of what is no whole axis", HINT)
        axis = dim[0].axis
        span = piece.box[axis]
        wider = Span(span.start - start, size)
        end = span.start + span.size
        # What is zero in the tensor must be zero in the wider part of the edge as well.
        shows = (start > 0 and span.start > 0) or (start + span.size < size and end < piece.whole(axis))
        if shows:
            raise Refusal(f"leaves out {axis} that the zeros around the slice would show", HINT)
        dims = tuple(dim_of(axis, size) if each == index else dim for each, dim in enumerate(piece.dims))
        piece = replace(piece, box={**piece.box, axis: wider}, dims=dims)
    return piece


def joined(call: fx.Node, builder: Builder, parts: Sequence[Value], channels: int | None) -> Value:
    """Parts of the channels one after the other.

    Raises:
        Refusal: they do not fit together.
    """
    if len(parts) == 1:
        return parts[0]
    if channels is None:
        raise Refusal("joins several tensors in a dimension that holds no channels", HINT)
    whole = _adjacent(parts)
    if whole is not None:
        dims = list(parts[0].dims)
        dims[channels] = dim_of(CHANNELS, whole.size(CHANNELS))
        return replace(whole, dims=tuple(dims))
    shifted = _shares(call, builder, parts, channels)
    if shifted is not None:
        return shifted
    alone = [settled(builder, call, part) for part in parts]
    edge = builder.add(call, Concat(), [each.edge for each in alone], {}, again=parts[0].is_each)
    made = builder.value(edge, ())
    dims = list(parts[0].dims)
    dims[channels] = dim_of(CHANNELS, made.size(CHANNELS))
    box = {**alone[0].box, CHANNELS: made.box[CHANNELS]}
    return Value(edge, tuple(dims), box, made.kind, builder.batch, parts[0].is_each)


def _adjacent(parts: Sequence[Value]) -> Value | None:
    """Parts of one edge that follow each other in its channels, as one; None where they do not."""
    first = parts[0]
    at = first.box[CHANNELS].start
    for part in parts:
        same_box = {**part.box, CHANNELS: Span(0, 0)} == {**first.box, CHANNELS: Span(0, 0)}
        if part.edge != first.edge or not same_box or part.box[CHANNELS].start != at:
            return None
        at += part.size(CHANNELS)
    span = Span(first.box[CHANNELS].start, at - first.box[CHANNELS].start)
    return replace(first, box={**first.box, CHANNELS: span})


def _shares(call: fx.Node, builder: Builder, parts: Sequence[Value], channels: int) -> Value | None:
    """A shift of shares of the channels, as TSM has it; None where the parts are something else."""
    first = parts[0]
    total = first.whole(CHANNELS)
    at, moves = 0, []
    for part in parts:
        start, size = part.box[TIME]
        others = all(part.is_full(axis) for axis in ("height", "width"))
        is_of = part.edge == first.edge and part.box[CHANNELS].start == at and size == part.whole(TIME)
        if not (others and is_of):
            return None
        moves.append((start, part.size(CHANNELS)))
        at += part.size(CHANNELS)
    frames = max(abs(start) for start, _ in moves)
    signs = [start // frames if frames and start % frames == 0 else None for start, _ in moves]
    # A share of the future reads later frames: it begins beyond the first.
    if at != total or frames == 0 or signs not in ([1, -1, 0], [-1, 0], [1, 0], [1, -1]):
        return None
    shares = {sign: Fraction(size, total) for sign, (_, size) in zip(signs, moves, strict=True)}
    op = Shift(frames=frames, past=shares.get(-1, Fraction(0)), future=shares.get(1, Fraction(0)))
    edge = builder.add(call, op, [first.edge], {}, again=False)
    dims = list(first.dims)
    dims[channels] = dim_of(CHANNELS, total)
    return builder.value(edge, tuple(dims))
