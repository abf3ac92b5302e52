"""Maps at another size."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from costmodel.importers.call import Call
from costmodel.importers.dimensions import axes_at, must_be_whole
from costmodel.importers.layout import TIME
from costmodel.importers.refusal import Refusal
from costmodel.importers.rules.base import rule
from costmodel.importers.rules.sliding import ORDER, answer
from costmodel.importers.value import Value
from costmodel.ops import Interpolate
from costmodel.ops.interpolate import SizeTriple

Mode = Literal["nearest", "bilinear", "trilinear"]
MODES: dict[str, Mode] = {
    "nearest2d": "nearest",
    "nearest3d": "nearest",
    "bilinear2d": "bilinear",
    "trilinear3d": "trilinear",
}


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
    _, height, width = (sizes.get(axis) for axis in ORDER)
    op = _op(call, MODES[name], (None, height, width))
    return answer(value, call, call.add(op, value), axes)


def _op(call: Call, mode: Mode, size: SizeTriple) -> Interpolate:
    corners = bool(call.given.get("align_corners", False))
    factors = call.given["scale_factors"]
    if factors is None:
        return Interpolate(size=size, mode=mode, align_corners=corners)
    # torch samples by the factor that it was given, which the size alone does not always tell.
    height, width = (Fraction(str(each)) for each in factors[-2:])
    return Interpolate(factor=(1, _plain(height), _plain(width)), mode=mode, align_corners=corners)


def _plain(factor: Fraction) -> int | Fraction:
    return int(factor) if factor.denominator == 1 else factor
