"""Where a network's memory goes: by layer, in total, and for clips of other lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from costmodel.analysis.cost import Analysis, analyze, op_title
from costmodel.analysis.figures import Figures
from costmodel.analysis.memory import Memory, memory
from costmodel.analysis.metrics import evaluate, traffic_bytes
from costmodel.analysis.npu import OnChip
from costmodel.analysis.traffic import operations_of
from costmodel.errors import CostModelError
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number
from costmodel.ops import Conv, Delay, Step
from costmodel.types import TensorType

CLIP_LENGTHS = (4, 16, 64)
LONGEST_CLIP = 4096
CLIP_FIGURES = {
    "clip_buffer": "clip_buffer_floats",
    "clip_largest_map": "largest_activation_floats",
    "clip_worst_case": "worst_case_floats",
}
FRAME_FIGURES = {
    "frame_state": "state_floats",
    "frame_largest_map": "largest_activation_floats",
    "frame_worst_case": "worst_case_floats",
}
CLIP_COLUMNS = ["frames", *CLIP_FIGURES, *FRAME_FIGURES, "frame_over_clip"]


@dataclass(frozen=True)
class MemoryReport:
    """The memory of a network, clip or frame by frame.

    Args:
        clip: the clip network.
        stream_of: gives the stream of a clip network.
        is_stream: whether the report is about the stream or about the clip network.
        dtype: what sizes in bytes are counted in.
        on_chip: what a chip holds of the stream in 8 bits; None where nobody asks.
        sram: bytes of that chip's memory, where one is asked about.
    """

    clip: Graph
    stream_of: Callable[[Graph], Graph]
    is_stream: bool
    dtype: str = "fp32"
    on_chip: OnChip | None = None
    sram: int | None = None

    @cached_property
    def stream(self) -> Graph:
        """The network frame by frame."""
        return self.stream_of(self.clip)

    @cached_property
    def refusal(self) -> str:
        """Why the network cannot run frame by frame; empty where it can."""
        try:
            _ = self.stream
        except CostModelError as error:
            return str(error)
        return ""

    @property
    def graph(self) -> Graph:
        """The network that the report is about."""
        return self.stream if self.is_stream else self.clip

    @cached_property
    def analysis(self) -> Analysis:
        """The figures of the network that the report is about."""
        return analyze(self.graph, dtype=self.dtype)

    @cached_property
    def memory(self) -> Memory:
        """The tensors alive at each layer, in the order of definition and in the best one found."""
        return memory(self.graph)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """Stage, layer, formula with its equation, floats and share: state frame by frame, maps of a clip."""
        rows = list(_state_rows(self.graph)) if self.is_stream else list(_clip_rows(self.graph))
        found = pd.DataFrame(rows, columns=["stage", "layer", "op", "formula", "equation", "floats"])
        # at least 1: a network of 2D layers keeps nothing, and shares of nothing are 0
        return found.assign(share=found["floats"] / max(1, int(found["floats"].sum())))

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The figures of the whole network, in floats and bytes."""
        size = self.analysis.figures.bytes_per_value
        rows = [(what, int(floats), int(floats) * size, note) for what, floats, note in self._totals()]
        return pd.DataFrame(rows, columns=["figure", "floats", "bytes", "note"])

    def _totals(self) -> list[tuple[str, int, str]]:
        totals, held = self.analysis.totals, self.memory
        proof = "no order has a smaller peak" if held.best.is_proven else "the best order found"
        return [
            ("weights", totals["params"], "learned values"),
            ("state", totals["state_floats"], "kept between frames: eq. 5, 8 and 9"),
            ("clip buffer", totals["clip_buffer_floats"], "earlier frames that a clip needs online: eq. 2"),
            ("largest map", totals["largest_activation_floats"], "eq. 6" if self.is_stream else "eq. 3"),
            (
                "worst case",
                totals["worst_case_floats"],
                "state or clip buffer, and the largest map: sec. 3.7",
            ),
            ("live maps as defined", held.as_defined.peak.floats, f"peak at {held.as_defined.peak.layer}"),
            ("live maps at best", held.best.peak.floats, f"peak at {held.best.peak.layer}; {proof}"),
            ("all at the peak", held.floats, "weights, state and live maps in the best order"),
        ]

    @cached_property
    def schedule(self) -> pd.DataFrame:
        """Weights, state and live maps at each layer, in the best order of execution found."""
        held = self.memory
        rows = [
            (moment.layer, held.weights, held.state, moment.floats, len(moment.alive), " ".join(moment.alive))
            for moment in held.best.moments
        ]
        columns = ["layer", "weights", "state", "live_maps", "live_edges", "alive"]
        return pd.DataFrame(rows, columns=columns).assign(
            is_peak=lambda t: t["layer"] == held.best.peak.layer
        )

    @cached_property
    def traffic(self) -> pd.DataFrame:
        """Bytes that each layer moves and operations on each byte, for a clip and as a mean for a frame."""
        # a clip is always there; the stream beside it only where the network can run frame by frame
        modes = {"clip": self.clip} if self.refusal else {"clip": self.clip, "frame": self.stream}
        return pd.DataFrame(
            [row for mode, graph in modes.items() for row in _traffic_rows(mode, Figures(graph, self.dtype))]
        )

    @cached_property
    def chip(self) -> pd.DataFrame:
        """What a chip holds of the stream in 8 bits, in bytes; nothing where nobody asks."""
        found = self.on_chip
        rows = [] if found is None else list(_chip_rows(found, self.sram))
        return pd.DataFrame(rows, columns=["figure", "bytes", "note"])

    @cached_property
    def chip_layers(self) -> pd.DataFrame:
        """The same while each layer runs."""
        moments = () if self.on_chip is None else self.on_chip.moments
        rows = [(each.layer, each.state, each.written, each.maps, each.total) for each in moments]
        return pd.DataFrame(rows, columns=["layer", "state", "written", "maps", "bytes"])

    @cached_property
    def clips(self) -> pd.DataFrame:
        """Clips of 4, 16 and 64 frames and the network's own, beside it frame by frame (sec. 3.7)."""
        lengths = sorted({*CLIP_LENGTHS, int(self.clip.source.time)})
        return pd.DataFrame([row for row in map(self._clip_row, lengths) if row], columns=CLIP_COLUMNS)

    def _clip_row(self, frames: int) -> dict[str, Number]:
        """One clip length; nothing where the network does not fit clips of it."""
        try:
            clip = replace(self.clip, source=self.clip.source.with_time(frames))
            whole = Figures(clip)
            step = None if self.refusal else Figures(self.stream_of(clip))
        except CostModelError:
            return {}
        figures = {column: evaluate(whole, name) for column, name in CLIP_FIGURES.items()}
        if step is not None:
            figures |= {column: evaluate(step, name) for column, name in FRAME_FIGURES.items()}
            figures["frame_over_clip"] = figures["frame_worst_case"] / figures["clip_worst_case"]
        return {"frames": frames, **figures}

    @cached_property
    def needs_less_from(self) -> int | None:
        """The clip length from which frame by frame has the smaller worst case; None if there is none."""
        return None if self.refusal else _first(self._needs_less)

    def _needs_less(self, frames: int) -> bool:
        row = self._clip_row(frames)
        return bool(row) and bool(row["frame_worst_case"] < row["clip_worst_case"])


def _chip_rows(found: OnChip, sram: int | None) -> Iterator[tuple[str, int, str]]:
    peak = found.peak
    yield "weights", found.weights, "in flash: a byte each, four for a bias"
    yield "state", peak.state, "of each layer as it came in, or as it goes out once the layer has run"
    yield "state written", peak.written, f"of {peak.layer}, beside what it came in as"
    yield "maps", peak.maps, "alive there; a layer that works value by value writes in place"
    yield "SRAM", found.sram, f"all but the weights, at {peak.layer}, where it is most"
    if sram is not None:
        left = sram - found.sram
        yield "left of SRAM", left, "it fits" if left >= 0 else "it does not fit"


def _first(holds: Callable[[int], bool]) -> int | None:
    """The smallest length for which a claim holds that, once true, stays true."""
    high = 1
    # By doubling, then halving: a clip of every length would be a network to analyse each.
    while not holds(high):
        high *= 2
        if high > LONGEST_CLIP:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def stage_of(name: str) -> str:
    """The part of the network that a layer belongs to: the first part of its name."""
    return name.split(".")[0]


def _clip_rows(graph: Graph) -> list[dict[str, object]]:
    source = graph.source
    shape = _product(source.with_time(1))
    buffer = {
        "stage": INPUT,
        "layer": INPUT,
        "op": "clip buffer",
        "formula": f"({source.time} - 1) x {shape}",
        "equation": "eq. 2",
        "floats": int(source.with_time(1).values) * (int(source.time) - 1),
    }
    maps = (
        _row(graph, node, _product(graph.types[node.name]), "eq. 3")
        | {"floats": int(graph.types[node.name].values)}
        for node in graph.nodes
    )
    return [buffer, *maps]


def _state_rows(graph: Graph) -> list[dict[str, object]]:
    rows = []
    for node in graph.nodes:
        kept = node.op.carry(*graph.inputs_of(node)).kept
        for tensor in kept.values():
            if tensor.values:
                formula, equation = _rule(graph, node, tensor)
                rows.append(_row(graph, node, formula, equation) | {"floats": int(tensor.values)})
    return rows


def _row(graph: Graph, node: Node, formula: str, equation: str) -> dict[str, object]:
    return {
        "stage": stage_of(node.name),
        "layer": node.name,
        "op": op_title(node.op),
        "formula": formula,
        "equation": equation,
    }


def _rule(graph: Graph, node: Node, kept: TensorType) -> tuple[str, str]:
    """The formula of what a layer keeps, with its numbers put in, and the equation that it is."""
    frame = _product(kept.with_time(1))
    op = node.op
    if isinstance(op, Delay):
        return f"{_wait(op)} x {frame}", "eq. 8, for the wait of its branch"
    if not isinstance(op, Step):
        return f"{kept.time} x {frame}", ""
    window = op.window(*graph.inputs_of(node))
    frames = (
        f"({window.kernel} - 1)" if window.dilation == 1 else f"{window.dilation} x ({window.kernel} - 1)"
    )
    # With a stride fewer sums are open at once; an input window keeps every frame.
    if window.stride > 1 and op.form == "partial":
        frames = f"ceil({frames} / {window.stride})"
    equation = "eq. 5" if isinstance(op.inner, Conv) else "eq. 9, with its channels"
    if "partial" not in op.carry(*graph.inputs_of(node)).kept:
        equation += ", at its input"
    return f"{frames} x {frame}", equation


def _wait(op: Delay) -> str:
    return f"{op.wait}" if op.jump == 1 else f"ceil({op.wait} / {op.jump})"


def _product(shape: TensorType) -> str:
    """A shape as a product, sizes of 1 left out."""
    return " x ".join(str(size) for size in shape if size != 1) or "1"


def _traffic_rows(mode: str, figures: Figures) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for node in figures.graph.nodes:
        moved = figures.traffic[node.name]
        per_frame: Mapping[str, float] = {
            name: float(figures.per_frame(node, floats) * figures.bytes_per_value)
            for name, floats in moved._asdict().items()
        }
        total = float(traffic_bytes(figures, node))
        work = float(figures.per_frame(node, operations_of(figures.work[node.name])))
        rows.append(
            {
                "mode": mode,
                "layer": node.name,
                "op": op_title(node.op),
                **{f"{name}_bytes": amount for name, amount in per_frame.items()},
                "bytes": total,
                "operations": work,
                "operations_per_byte": work / total if total else 0.0,
            }
        )
    return rows
