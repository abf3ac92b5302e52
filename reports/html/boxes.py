"""Where the boxes and lines of a network's graph stand on a drawing.

A layer that only changes values shares the box of the layer that it reads. The graph is cut wherever all
passes through one box; the parts between stand side by side, in rows as lines of a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from costmodel.analysis.cost import Analysis
from costmodel.graph import INPUT, Graph

COLUMNS = 13  # in a row of the drawing


@dataclass
class Box:
    """A layer with those that only change its values; `column`, `lane` and `row` are its place.

    Args:
        layers: their places among the rows of the analysis; none for the input.
        reads: the boxes that it reads.
    """

    layers: list[int]
    reads: list[int]
    row: int = 0
    column: int = 0
    lane: int = 0


@dataclass(frozen=True)
class Line:
    """A line from a box to one that reads it, on a lane of its own between them."""

    source: int
    target: int
    lane: int


@dataclass
class Layout:
    """Boxes, lines, and how many lanes each row has."""

    boxes: list[Box]
    lines: list[Line] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)

    @property
    def columns(self) -> int:
        """The columns of the longest row."""
        return 1 + max(box.column for box in self.boxes)


def layout(graph: Graph, analysis: Analysis) -> Layout:
    """The places of all layers."""
    found = Layout(_boxes(graph, analysis))
    row, column = 0, 0
    found.lanes.append(1)
    found.boxes[0].column = 0
    for part in _parts(found.boxes):
        ranks = _ranks(found.boxes, part)
        length = max(ranks.values())
        if column + length >= COLUMNS and column:
            row, column = row + 1, -1
            found.lanes.append(1)
        lanes, lines = _lanes(found.boxes, part, ranks)
        for box in part[1:]:
            found.boxes[box].row = row
            found.boxes[box].column = column + ranks[box]
            found.boxes[box].lane = lanes[box]
        found.lines += lines
        used = [*(lanes[box] for box in part[1:]), *(line.lane for line in lines)]
        found.lanes[row] = max(found.lanes[row], 1 + max(used, default=0))
        column += length
    return found


def _boxes(graph: Graph, analysis: Analysis) -> list[Box]:
    boxes, of = [Box([], [])], {INPUT: 0}
    for place, (node, row) in enumerate(zip(graph.nodes, analysis.rows, strict=True)):
        source = node.inputs[0]
        is_plain = not (row["macs"] or row["state_floats"]) and len(node.inputs) == 1 and source != INPUT
        if is_plain and len(graph.consumers[source]) == 1 and graph.types[source] == graph.types[node.name]:
            of[node.name] = of[source]
            boxes[of[source]].layers.append(place)
            continue
        of[node.name] = len(boxes)
        boxes.append(Box([place], list(dict.fromkeys(of[name] for name in node.inputs))))
    return boxes


def _parts(boxes: Sequence[Box]) -> Iterator[list[int]]:
    """The boxes between two through which all passes, both included."""
    last = list(range(len(boxes)))
    for number, box in enumerate(boxes):
        for read in box.reads:
            last[read] = number
    start, needed = 0, last[0]
    for number in range(1, len(boxes)):
        if needed <= number:
            yield list(range(start, number + 1))
            start = number
        needed = max(needed, last[number])


def _ranks(boxes: Sequence[Box], part: Sequence[int]) -> dict[int, int]:
    """How many boxes stand ahead of each on the longest way through a part."""
    ranks = {part[0]: 0}
    for number in part[1:]:
        ranks[number] = 1 + max((ranks[read] for read in boxes[number].reads if read in ranks), default=0)
    ranks[part[-1]] = max(ranks.values()) if len(part) > 1 else 0
    return ranks


def _lanes(
    boxes: Sequence[Box], part: Sequence[int], ranks: dict[int, int]
) -> tuple[dict[int, int], list[Line]]:
    """The lane of each box of a part, and its lines: the longest way on the first lane, others below."""
    taken: list[set[int]] = [set()]
    lanes = dict.fromkeys(_longest(boxes, part, ranks), 0)
    taken[0] |= {ranks[box] for box in lanes}
    lines = []
    for chain in _chains(boxes, part, lanes):
        heads = [read for read in boxes[chain[0]].reads if read in ranks]
        first = min([ranks[chain[0]], *(ranks[head] + 1 for head in heads if head in lanes)])
        readers = [ranks[box] for box in part if chain[-1] in boxes[box].reads]
        lane = _free(taken, range(first, max([ranks[chain[-1]] + 1, *readers])))
        lanes |= dict.fromkeys(chain, lane)
    for target in part[1:]:
        for source in boxes[target].reads:
            between = range(ranks[source] + 1, ranks[target])
            # a chain has its lane to itself from where it leaves the way to where it joins it again
            own = lanes[target] or lanes[source]
            lane = own if own or not between else _free(taken, between)
            lines.append(Line(source, target, lane))
    return lanes, lines


def _longest(boxes: Sequence[Box], part: Sequence[int], ranks: dict[int, int]) -> list[int]:
    """A longest way from the first box of a part to the last."""
    way = [part[-1]]
    while way[-1] != part[0]:
        reads = [read for read in boxes[way[-1]].reads if read in ranks]
        if not reads:
            break
        way.append(max(reads, key=lambda read: (ranks[read], read)))
    return way


def _chains(boxes: Sequence[Box], part: Sequence[int], placed: dict[int, int]) -> Iterator[list[int]]:
    """The other boxes, in chains of which each reads the one ahead alone."""
    readers: dict[int, int] = {}
    for number in part:
        for read in boxes[number].reads:
            readers[read] = readers.get(read, 0) + 1
    chains: dict[int, list[int]] = {}
    for number in part:
        if number in placed:
            continue
        ahead = chains.get(boxes[number].reads[0]) if len(boxes[number].reads) == 1 else None
        if ahead is None or readers[ahead[-1]] > 1:
            ahead = []
        ahead.append(number)
        chains[number] = ahead
    seen: set[int] = set()
    for chain in chains.values():
        if id(chain) not in seen:
            seen.add(id(chain))
            yield chain


def _free(taken: list[set[int]], ranks: range) -> int:
    """The first lane below the longest way that has room, which is taken."""
    lane = next((lane for lane in range(1, len(taken)) if taken[lane].isdisjoint(ranks)), len(taken))
    if lane == len(taken):
        taken.append(set())
    taken[lane] |= set(ranks)
    return lane
