"""The graph of a network drawn: branches, delays and state, each box coloured by a figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any

from costmodel.analysis.cost import Analysis, op_title
from costmodel.errors import one_line
from costmodel.graph import Graph, Node
from costmodel.readable import brief
from reports.html.boxes import Box, Layout, Line, layout
from reports.html.svg import TIMES, number, tag, text
from reports.stages import shape

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 78, 34
STEP, LANE = 94, 44  # from one box to the next, and from one lane to the next
LEFT, TOP, BETWEEN = 8, 30, 40
LONGEST = 13  # letters that a box has room for
# What boxes are coloured by: the key of a layer's row, what it is called, and whether layers of a box add up.
COLOURED = {
    "macs": ("MACs", True),
    "state_floats": ("state", True),
    "activation_floats": ("map", False),
    "params": ("params", True),
    "receptive_field": ("frames seen", False),
    "delay": ("delay", False),
}


@dataclass(frozen=True)
class Drawn:
    """A drawn graph and the figures of its boxes.

    Args:
        graph: the network.
        analysis: its figures.
    """

    graph: Graph
    analysis: Analysis

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands."""
        return layout(self.graph, self.analysis)

    @property
    def boxes(self) -> list[Box]:
        """The boxes of layers, without the input's."""
        return self.layout.boxes[1:]

    @property
    def choices(self) -> dict[str, str]:
        """What boxes may be coloured by, by its key."""
        return {key: title for key, (title, _) in COLOURED.items() if max(self.values(key), default=0)}

    def values(self, key: str) -> list[float]:
        """A figure of each box."""
        rows = self.analysis.rows
        combined = sum if COLOURED[key][1] else max
        return [combined([rows[place][key] for place in box.layers]) for box in self.boxes]

    @property
    def data(self) -> str:
        """The figures of the boxes, for the page's script."""
        figures = {key: self._figure(key) for key in self.choices}
        return json.dumps({"figures": figures, "boxes": [self._told(box) for box in self.boxes]})

    def _figure(self, key: str) -> dict[str, object]:
        found = self.values(key)
        most = max([each for each in found if isfinite(each)], default=0)
        # JSON has no infinity
        return {"values": [each if isfinite(each) else None for each in found], "most": brief(most)}

    def _told(self, box: Box) -> dict[str, str]:
        rows = [self.analysis.rows[place] for place in box.layers]
        names = " + ".join(f"{row['name']} ({row['op']})" for row in rows)
        values = {key: (max, sum)[adds]([row[key] for row in rows]) for key, (_, adds) in COLOURED.items()}
        figures = [f"{COLOURED[key][0]} {brief(value)}" for key, value in values.items() if value]
        wait = self._wait(self.graph.nodes[box.layers[0]])
        if wait:
            figures.insert(0, f"waits {wait} frames")
        return {"names": one_line(names), "about": ", ".join([f"gives {shape(rows[-1])}", *figures])}

    @property
    def svg(self) -> Markup:
        """The drawing."""
        found = self.layout
        width = LEFT + found.columns * STEP
        height = self._top(len(found.lanes))
        values = self.values("macs")
        most = sqrt(max([each for each in values if isfinite(each)], default=0)) or 1
        drawn = [self._line(line) for line in found.lines]
        drawn += [self._box(box, sqrt(value) / most) for box, value in zip(self.boxes, values, strict=True)]
        return tag(
            "svg",
            *self._input(),
            *drawn,
            *self._labels(),
            viewBox=f"0 0 {width} {number(height)}",
            tabindex=0,
            role="application",
            aria_label=f"Graph of {one_line(self.graph.name)}; arrows left and right walk through its "
            "layers, plus and minus magnify, 0 shows all",
        )

    def _top(self, row: int) -> float:
        return TOP + sum(lanes * LANE + BETWEEN for lanes in self.layout.lanes[:row])

    def _place(self, box: Box) -> tuple[float, float]:
        return LEFT + box.column * STEP, self._top(box.row) + box.lane * LANE

    def _input(self) -> list[Markup]:
        x, y = self._place(self.layout.boxes[0])
        return [
            text("input", x + WIDTH, y + 14, "end", "stage"),
            text(shorter(str(self.graph.source)), x + WIDTH, y + 27, "end", "sub"),
        ]

    def _box(self, box: Box, share: float) -> Markup:
        x, y = self._place(box)
        row = self.analysis.rows[box.layers[0]]
        node = self.graph.nodes[box.layers[0]]
        wait = self._wait(node)
        kind = "w" if wait else "k" if row["state_floats"] else ""
        kind += " hot" if share > 0.62 else ""
        first = f"wait {wait}" if wait else words_of(node)
        below = (
            str(row["name"]).rpartition(".")[2] if len(box.layers) == 1 else _with(box, self.analysis.rows)
        )
        return tag(
            "g",
            tag("rect", x=x, y=y, width=WIDTH, height=HEIGHT, rx=HEIGHT / 2 if wait else 5),
            text(shorter(first), x + WIDTH / 2, y + 14, "middle"),
            text(shorter(below, LONGEST + 2), x + WIDTH / 2, y + 26, "middle", "sub"),
            class_=f"b {kind}".strip(),
            style=f"--t:{0.9 * min(share, 1):.2f}",
        )

    def _wait(self, node: Node) -> str:
        """The frames that a delay waits; empty for any other layer."""
        return str(getattr(node.op, "wait", "")) if node.op.is_wait else ""

    def _line(self, line: Line) -> Markup:
        source, target = (self.layout.boxes[each] for each in (line.source, line.target))
        (x, y), (end, low) = self._place(source), self._place(target)
        x, y, low = x + WIDTH, y + HEIGHT / 2, low + HEIGHT / 2
        if source.row != target.row:
            return tag("path", d=self._around(x, y, end, low, target.row), class_="e")
        lane = self._top(source.row) + line.lane * LANE + HEIGHT / 2
        if end - x <= STEP:
            middle = (x + end) / 2
            return tag("path", d=f"M{x} {y}C{middle} {y} {middle} {low} {end} {low}", class_="e")
        bend = STEP - WIDTH
        first, last = x + bend, end - bend
        down = f"C{x + 9} {y} {x + 9} {lane} {first} {lane}"
        back = f"C{end - 9} {lane} {end - 9} {low} {end} {low}"
        return tag("path", d=f"M{x} {y}{down}H{last}{back}", class_="e")

    def _around(self, x: float, y: float, end: float, low: float, row: int) -> str:
        """A line from the end of a row to the start of the next."""
        between = self._top(row) - BETWEEN / 2 - 6
        return f"M{x} {y}h8V{between}H{end - 6}V{low}H{end}"

    def _labels(self) -> list[Markup]:
        """The names of stages and blocks above the boxes where they begin."""
        found, ahead, until = [], "", -1.0
        row = -1
        for box in self.boxes:
            if box.lane:
                continue
            name = str(self.analysis.rows[box.layers[0]]["name"])
            prefix = ".".join(name.split(".")[:2]) if name.count(".") > 1 else name.split(".")[0]
            x, y = self._place(box)
            if box.row != row:
                until, row = -1.0, box.row
            if prefix != ahead and x >= until:
                found.append(text(shorter(prefix, 24), x, y - 7, "start", "stage"))
                until = x + 7 * min(len(prefix), 24) + 6
            ahead = prefix
        return found


def words_of(node: Node) -> str:
    """A layer in few words: `conv 3x1x1`."""
    op = node.op.unwrapped
    kernel = getattr(op, "kernel", None)
    word = op_title(op)
    if isinstance(kernel, tuple) and all(isinstance(each, int) for each in kernel):
        return f"{word} {TIMES.join(map(str, kernel))}"
    return word


def shorter(words: str, most: int = LONGEST) -> str:
    """Words cut to the room that they have."""
    plain = one_line(words)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _with(box: Box, rows: Sequence[Any]) -> str:
    name = str(rows[box.layers[0]]["name"]).rpartition(".")[2]
    return f"{name} + {', '.join(str(rows[place]['op']) for place in box.layers[1:])}"
