"""Multiply-adds by the step of a cycle at which they fall: with temporal strides steps do not cost alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from costmodel.analysis.figures import Figures
from costmodel.conditions import equal
from costmodel.graph import Node
from costmodel.numbers import Number, ceil_div, repeated, where
from costmodel.ops.base import macs_of


def macs_of_steps(figures: Figures) -> Iterator[Number]:
    """Multiply-accumulates of each step of a cycle that has another set of layers at work."""
    fixed: dict[tuple[int, int], Number] = {}
    free: list[tuple[int, Number, Number]] = []
    for node in figures.graph.nodes:
        jump = figures.at(node).jump
        for phase, macs in macs_by_phase(figures, node):
            amount = repeated(macs, node.count)
            if isinstance(phase, int):
                # Layers of equal jump and phase always fall in the same steps: their sum is one entry, not
                # one a layer.
                fixed[jump, phase % jump] = fixed.get((jump, phase % jump), 0) + amount
            else:
                free.append((jump, phase, amount))
    yield from _steps(figures.cycle, fixed, free)


def _steps(
    cycle: int, fixed: Mapping[tuple[int, int], Number], free: Sequence[tuple[int, Number, Number]]
) -> Iterator[Number]:
    """The work of each step of a cycle: of amounts at a known (jump, phase), and at a symbolic phase."""
    jumps = sorted({jump for jump, _ in fixed})
    seen: set[tuple[tuple[int, int], ...]] = set()
    for step in range(cycle):
        busy = tuple((jump, step % jump) for jump in jumps if (jump, step % jump) in fixed)
        # A cycle may have thousands of steps, few of them with another set of layers at work.
        if busy in seen and not free:
            continue
        seen.add(busy)
        # equal(), not ==: between a Mod and a number sympy compares expressions, which drops the layer.
        late = sum(where(equal((step - phase) % jump, 0), amount, 0) for jump, phase, amount in free)
        yield sum(fixed[at] for at in busy) + late


def macs_by_phase(figures: Figures, node: Node) -> Iterator[tuple[Number, Number]]:
    """Multiply-accumulates of a node by the phase of its jump at which they fall, in the steady state.

    A strided layer with partial sums multiplies each input frame by the taps that use it, as it comes; with
    an input window all its work falls in the step that answers.
    """
    macs = macs_of(figures.work[node.name])
    # Only a plain 0 is skipped: of an array some designs may have work here.
    if isinstance(macs, int) and macs == 0:
        return
    window = figures.windows[node.name]
    if not ("partial" in figures.carry[node.name].kept and window.stride > 1):
        yield figures.at(node).delay, macs
        return
    arrival = figures.arrival(node)
    # A kernel shorter than the stride leaves frames without a tap; of a symbol theirs come out as 0.
    taps_apart = min(window.kernel, window.stride) if isinstance(window.kernel, int) else window.stride
    for tap in range(taps_apart):
        taps = ceil_div(window.kernel - tap, window.stride)  # this one and every stride-th fall together
        phase = arrival.delay - (window.before - window.dilation * tap) * arrival.jump
        yield phase, macs // window.kernel * taps
