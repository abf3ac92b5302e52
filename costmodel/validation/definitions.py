"""What the fields of a sliding window mean, said once more without reading any rule of `costmodel.ops`.

Output j of an axis of n positions sees the positions j s + first + d i, 0 <= i < k, of those that are there.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from costmodel.ops import AdaptivePool, Windowed

TIME = 0


class Seen(NamedTuple):
    """The positions that each output of an axis sees."""

    outputs: tuple[frozenset[int], ...]


def declared(op: Windowed, axis: int, n: int) -> Seen:
    """The positions that each output must see of n on one axis, by the fields of a window.

    * Causal (time alone): nothing behind position j s, all d (k - 1) before it; ceil(n / s) outputs.
    * No padding given: an odd kernel sees as far ahead as behind; an even one has d k / 2 zeros at both ends.
    * `same`: ceil(n / s) outputs, the zeros that they lack half ahead and half behind, the odd one behind.
    * A number: so many zeros at both ends; two: ahead and behind. As many outputs as whole windows fit.
    * `ceil_mode`: one output more where positions are left, unless its window begins behind the input.
    """
    if hasattr(op, "size"):
        return _adaptive(cast(AdaptivePool, op), axis, n)
    given = op.kernel[axis]
    kernel = n if given is None else int(given)
    stride, dilation = int(op.stride[axis]), int(op.dilation[axis])
    span = dilation * (kernel - 1)
    ahead, behind = _zeros(op, axis, n, kernel)
    count = (n + ahead + behind - span - 1) // stride + 1
    rounds_up = getattr(op, "ceil_mode", False) and given is not None
    if rounds_up and (n + ahead + behind - span - 1) % stride and count * stride < n + ahead:
        count += 1
    inside = frozenset(range(n))
    begins = (place * stride - ahead for place in range(count))
    return Seen(tuple(inside & frozenset(range(each, each + span + 1, dilation)) for each in begins))


def _zeros(op: Windowed, axis: int, n: int, kernel: int) -> tuple[int, int]:
    stride, dilation = int(op.stride[axis]), int(op.dilation[axis])
    span = dilation * (kernel - 1)
    if op.kernel[axis] is None:
        return 0, 0
    if axis == TIME and op.causal:
        return span, 0
    given = None if op.padding is None else op.padding[axis]
    if given is None:
        half = span // 2 if kernel % 2 else dilation * (kernel // 2)
        return half, half
    if given == "same":
        lacking = max(0, (-(-n // stride) - 1) * stride + span + 1 - n)
        return lacking // 2, -(-lacking // 2)
    if isinstance(given, tuple):
        return int(given[0]), int(given[1])
    return int(given), int(given)


def _adaptive(op: AdaptivePool, axis: int, n: int) -> Seen:
    """Window i of m goes from floor(i n / m) to ceil((i + 1) n / m); without a size each is alone.

    Frames given for it to cover, of a stream's or a dissected network's, slide without padding.
    """
    frames = op.kernel[TIME]
    if axis == TIME and frames is not None:
        kernel = int(frames)
        return Seen(tuple(frozenset(range(each, each + kernel)) for each in range(n - kernel + 1)))
    given = op.size[axis]
    m = n if given is None else int(given)
    return Seen(tuple(frozenset(range(i * n // m, -(-(i + 1) * n // m))) for i in range(m)))
