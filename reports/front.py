"""Draws a front: the designs that no other beats, by two or three figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costmodel.errors import OptionError
from costmodel.escape import drawing
from reports.axes import drawn_value, scale, title_of
from reports.drawing import COLOURS, MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Design = Mapping[str, object]
SHADES = "viridis"  # told apart by colour-blind readers, and in grey


def draw_front(designs: Sequence[Design], objectives: Sequence[str], labels: Sequence[str] = ()) -> Figure:
    """The designs of a front: its first figure along, the second upwards, a third in colour.

    Args:
        designs: figures and labels of each design, by their names.
        objectives: the figures of the front, a sign ahead or not.
        labels: what tells groups of designs apart, such as the spec and its form; a mark each.

    Raises:
        OptionError: there are fewer than two figures, or no design has them.
    """
    from matplotlib.figure import Figure

    names = [name.lstrip("+-") for name in objectives[:3]]
    if len(names) < 2:
        raise OptionError(f"--draw: a front of {len(names)} figure, expected two or three to draw it by")
    found = [each for each in designs if all(_value(each, name) is not None for name in names)]
    if not found:
        raise OptionError(f"--draw: no design has {' and '.join(names)}")
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.subplots()
    groups: dict[str, list[Design]] = {}
    for each in found:
        groups.setdefault(", ".join(str(each[name]) for name in labels), []).append(each)
    if len(names) == 2:
        _line(axes, found, names)
    _marks(axes, groups, names)
    for axis, name in ((axes.xaxis, names[0]), (axes.yaxis, names[1])):
        scale(axis, name, _values(found, name))
    axes.grid(alpha=0.25)
    axes.margins(0.06)
    axes.set_title(f"{len(found):,} designs that no other beats", loc="left", fontsize=10)
    if len(groups) > 1:
        figure.legend(loc="outside lower left", frameon=False, ncols=3)
    return figure


def _value(design: Design, name: str) -> float | None:
    return drawn_value(name, design.get(name))


def _values(designs: Sequence[Design], name: str) -> list[float]:
    return [value for each in designs if (value := _value(each, name)) is not None]


def _line(axes: Axes, designs: Sequence[Design], names: Sequence[str]) -> None:
    """The front as a line through all groups."""
    ends = sorted(zip(_values(designs, names[0]), _values(designs, names[1]), strict=True))
    axes.plot(*zip(*ends, strict=True), color="lightgrey", linewidth=1.2, zorder=1)


def _marks(axes: Axes, groups: Mapping[str, Sequence[Design]], names: Sequence[str]) -> None:
    from matplotlib.colors import LogNorm, Normalize

    shades = [value for each in groups.values() for value in _values(each, names[-1])]
    is_wide = min(shades) > 0 and max(shades) > 10 * min(shades)
    norm = (LogNorm if is_wide else Normalize)(min(shades), max(shades))
    size = 36 if sum(map(len, groups.values())) < 200 else 12
    for place, (label, designs) in enumerate(groups.items()):
        left, low = (_values(designs, name) for name in names[:2])
        mark = MARKS[(place + place // len(COLOURS)) % len(MARKS)]
        style: dict[str, Any] = {"s": size, "marker": mark, "label": drawing(label), "zorder": 2}
        if len(names) == 2:
            axes.scatter(left, low, color=COLOURS[place % len(COLOURS)], **style)
            continue
        found = axes.scatter(left, low, c=_values(designs, names[2]), cmap=SHADES, norm=norm, **style)
        if not place:
            axes.figure.colorbar(found, label=title_of(names[2]))
