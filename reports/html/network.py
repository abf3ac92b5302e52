"""The page of one network or several: what each costs, clip and frame by frame, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis, analyze
from costmodel.analysis.rates import rate_note
from costmodel.analysis.stages import stages_of
from costmodel.errors import CostModelError
from costmodel.graph import Graph
from costmodel.network import Network
from reports.html.bars import by_layer, by_stage
from reports.html.cone import cone
from reports.html.costs import FIGURES, beside, side_by_side, tiles, work
from reports.html.formulas import Closed, closed
from reports.html.frame import render
from reports.html.graph import Drawn
from reports.html.layers import layer_grid
from reports.html.memory import Held
from reports.html.parts import Definition, Grid, PlainTable, Tile, definitions
from reports.html.svg import TIMES
from reports.html.times import clock_of, table, timeline

if TYPE_CHECKING:
    from markupsafe import Markup

DEFINED = (
    *FIGURES,
    *("state_floats", "peak_activation_floats", "receptive_field", "padding", "delay", "lookahead"),
    *("transient", "warmup", "added_wait"),
)
# What a layer's column means where its metric is one of the whole network
OF_LAYERS = {
    "activation_floats": Definition(
        "map", "Numbers in the output of a layer.", "floats", "Hedegaard 2022, eq. 3 and 6"
    )
}
MOST_IN_STAGE = 40  # layers
SECTIONS = {
    "cost": "Costs",
    "time": "Time",
    "memory": "Memory",
    "layers": "Layers",
    "graph": "Graph",
    "formulas": "Formulas",
}


@dataclass(frozen=True)
class NetworkPage:
    """What a page says of one network.

    Args:
        network: the network.
        clip: its clip network.
        stream_of: gives the stream of a clip network.
        dtype: what sizes in bytes are counted in.
        fps: frames a second of the camera.
        sram: bytes of memory to draw beside the need.
        depth: parts of layers' names that tell stages apart; as suits the network where it is None.
    """

    network: Network
    clip: Graph
    stream_of: Callable[[Graph], Graph]
    dtype: str = "fp32"
    fps: float | None = None
    sram: int | None = None
    depth: int | None = None

    @cached_property
    def refusal(self) -> str:
        """Why the network cannot run frame by frame; empty where it can."""
        try:
            _ = self._stream
        except CostModelError as error:
            return str(error)
        return ""

    @cached_property
    def _stream(self) -> Graph:
        return self.stream_of(self.clip)

    @cached_property
    def of_clip(self) -> Analysis:
        """The figures of the clip network."""
        return analyze(self.clip, dtype=self.dtype, fps=self.fps)

    @cached_property
    def of_stream(self) -> Analysis | None:
        """The figures frame by frame; None where there is no such network."""
        return None if self.refusal else analyze(self._stream, dtype=self.dtype, fps=self.fps)

    @property
    def is_stream(self) -> bool:
        """Whether the page is about the stream or about the clip network."""
        return self.network.is_stream

    @cached_property
    def analysis(self) -> Analysis:
        """The figures of the network that the page is about."""
        if not self.is_stream:
            return self.of_clip
        if self.of_stream is None:
            raise CostModelError(self.refusal)
        return self.of_stream

    @property
    def graph(self) -> Graph:
        """The network that the page is about."""
        return self.analysis.figures.graph

    @property
    def title(self) -> str:
        """The network in words."""
        how = "frame by frame" if self.is_stream else "clip by clip"
        return (
            f"{self.graph.name}, {how if self.graph.chunk == 1 else f'{self.graph.chunk} frames at a step'}"
        )

    @property
    def flags(self) -> str:
        """The network as a command line names it."""
        return self.network.flags

    @property
    def lead(self) -> str:
        """What it is, in a sentence."""
        source, clock = self.graph.source, clock_of(self.analysis)
        how = f"a clip of {self.clip.source.time} frames at a time"
        if self.is_stream:
            taken = "a frame" if self.graph.chunk == 1 else f"{self.graph.chunk} frames"
            how = f"{taken} at a time, on a live stream"
        every = "every camera frame" if clock.every == 1 else f"one of {clock.every} camera frames"
        size_of = f"{source.channels} channels of {source.height} {TIMES} {source.width}"
        rate = f"{float(clock.fps):g} fps"
        return f"{self.graph.name} reads {how}: {size_of}, {every} at {rate}. {len(self.graph.nodes)} layers."

    @property
    def notes(self) -> list[str]:
        """What a reader must know."""
        missing = ", ".join(self.graph.missing)
        partial = (
            [f"partial: nothing is known of {missing} but its shape; all totals leave it out"]
            if missing
            else []
        )
        rate = rate_note(self.graph, self.analysis.figures.fps)
        refused = [f"not frame by frame: {self.refusal}"] if self.refusal else []
        return [*self.graph.notes, *([rate] if rate else []), *partial, *refused]

    @property
    def tiles(self) -> list[Tile]:
        """The figures that matter first."""
        return tiles(self.analysis, self.of_clip, self.held)

    @property
    def work(self) -> PlainTable:
        """Multiply-adds in model frames, camera frames and seconds."""
        return work(self.of_clip, self.of_stream)

    @property
    def beside(self) -> PlainTable:
        """All figures, the clip's beside the stream's."""
        return beside(self.of_clip, self.of_stream)

    @property
    def clock(self) -> PlainTable:
        """Times in all units."""
        return table(self.analysis, self.of_clip if self.is_stream else None)

    @property
    def cone(self) -> Markup:
        """What each layer sees."""
        return cone(self.analysis)

    @property
    def by_stage(self) -> Markup:
        """What each stage holds."""
        return by_stage(self.analysis, self.parts_of_names)

    @property
    def by_layer(self) -> Markup:
        """The layers that hold most."""
        return by_layer(self.analysis)

    @property
    def timeline(self) -> Markup | None:
        """When a stream answers."""
        return timeline(self.analysis) if self.is_stream else None

    @cached_property
    def held(self) -> Held:
        """What it holds while it runs."""
        return Held(self.analysis, self.sram)

    @property
    def parts_of_names(self) -> int:
        """How many parts of layers' names tell stages apart."""
        if self.depth is not None:
            return self.depth
        counts = [stage.layers for stage in stages_of(self.analysis.rows)]
        # of some networks one part holds nearly all, such as `blocks`
        return 2 if max(counts) > max(MOST_IN_STAGE, sum(counts) / 2) else 1

    @cached_property
    def drawn(self) -> Drawn:
        """Its graph."""
        return Drawn(self.graph, self.analysis)

    @property
    def layers(self) -> Grid:
        """Its layers."""
        return layer_grid(self.analysis, self.of_clip, self.parts_of_names)

    @cached_property
    def closed(self) -> Closed:
        """Its figures as closed forms."""
        return closed(self.network)


def page(found: Sequence[NetworkPage], command: str) -> bytes:
    """The page of all networks.

    Args:
        found: each network's part.
        command: the command line that makes the page.
    """
    first = found[0]
    only = len(found) == 1
    anchors = [(f"{key}-1", title) for key, title in SECTIONS.items()] if only else []
    anchors += [] if only else [(f"network-{place}", each.flags) for place, each in enumerate(found, 1)]
    content: Mapping[str, object] = {
        "title": first.title if only else f"{len(found)} networks side by side",
        "kicker": first.flags if only else "What video networks cost",
        "lead": first.lead if only else "",
        "sections": [*anchors, ("definitions", "Definitions")],
        "command": command,
        "networks": found,
        "side_by_side": None if only else side_by_side([(each.flags, each.analysis) for each in found]),
        "known": definitions(DEFINED) | OF_LAYERS,
    }
    return render("network.html", content)
