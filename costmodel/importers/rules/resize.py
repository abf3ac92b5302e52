"""Maps at another size."""

from __future__ import annotations

from fractions import Fraction

from costmodel.importers.call import Call
from costmodel.importers.dimensions import axes_at, must_be_whole
from costmodel.importers.layout import TIME
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.sliding import ORDER, answer
from costmodel.importers.value import Value
from costmodel.ops import Interpolate

MODES = {"nearest2d": "nearest", "nearest3d": "nearest", "bilinear2d": "bilinear", "trilinear3d": "trilinear"}


@rule(
    "upsample_nearest2d.vec", "upsample_nearest3d.vec", "upsample_bilinear2d.vec", "upsample_trilinear3d.vec"
)
def interpolated(call: Call) -> Value:
    """An interpolation in space, to a size or by a factor."""
    call.given.changes_nothing("output_size")  # told by the shape
    value = call.settled(call.value("input"))
    name = str(call.node.target).split("upsample_")[1].removesuffix(".vec")
    rank, count = len(value.dims), int(name[-2])
    axes = axes_at(value, range(rank - count, rank))
    must_be_whole(value, range(rank - count - 1))
    sizes = dict(zip(axes, call.shape[rank - count :], strict=True))
    if sizes.get(TIME, value.size(TIME)) != value.size(TIME) or axes != ORDER[3 - count :]:
        raise Refusal(
            "makes frames between frames, which a stream has not", "interpolate height and width alone"
        )
    op = _op(call, MODES[name], tuple(sizes.get(axis) for axis in ORDER), count)
    return answer(value, call, call.add(op, value), axes)


def _op(call: Call, mode: str, sizes: tuple[int | None, ...], count: int) -> Interpolate:
    options = {"mode": mode, "align_corners": bool(call.given.get("align_corners", False))}
    factors = call.given["scale_factors"]
    if factors is None:
        return Interpolate(size=(None, *sizes[1:]), **options)
    exact = tuple(Fraction(str(each)) for each in (*(1.0,) * (3 - count), *factors))
    # torch samples by the factor that it was given, which the size alone does not always tell.
    return Interpolate(
        factor=tuple(int(each) if each.denominator == 1 else each for each in exact), **options
    )
