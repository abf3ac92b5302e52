"""Charts of memory: what one step holds while its layers run, and what each stage keeps and makes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from costmodel.analysis.cost import Analysis
from costmodel.analysis.memory import Schedule, memory
from costmodel.readable import rounded
from reports.html.svg import Panel, Scale, binary_marks, binary_unit, drawing, number, short, tag, text

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 1080, 330
LEFT, RIGHT, TOP, BOTTOM = 74, 1064, 46, 262


@dataclass(frozen=True)
class Held:
    """What a network holds while it runs, in bytes.

    Args:
        analysis: its figures.
        sram: a limit to draw, in bytes.
    """

    analysis: Analysis
    sram: int | None = None

    @cached_property
    def schedule(self) -> Schedule:
        """What is alive at each layer, in the best order of execution found."""
        return memory(self.analysis.figures.graph).best

    @property
    def bytes_per_value(self) -> int:
        """Bytes of one number."""
        return self.analysis.figures.bytes_per_value

    @property
    def kept(self) -> int:
        """The state of a stream, or the earlier frames that a clip network must keep online."""
        totals = self.analysis.totals
        return int(totals["state_floats"] + totals["clip_buffer_floats"]) * self.bytes_per_value

    @property
    def kept_words(self) -> str:
        """What is kept from one run to the next."""
        if self.analysis.mode != "continual":
            return "clip buffer"
        # a stream of chunks keeps the frames that wait for the rest of theirs
        return "state and buffer" if self.analysis.totals["clip_buffer_floats"] else "state"

    @cached_property
    def alive(self) -> list[int]:
        """Bytes of maps alive at each layer, in order of execution."""
        return [moment.floats * self.bytes_per_value for moment in self.schedule.moments]

    @property
    def peak(self) -> int:
        """The most bytes held at once, weights apart."""
        return self.kept + max(self.alive)

    @property
    def verdict(self) -> str:
        """Whether it fits the limit; empty without one."""
        if self.sram is None:
            return ""
        weights = int(self.analysis.totals["weight_bytes"])
        with_weights = size(self.peak + weights)
        if self.peak <= self.sram:
            both = (
                "and fits with its weights too" if self.peak + weights <= self.sram else "its weights do not"
            )
            return (
                f"Fits {size(self.sram)}: {size(self.peak)} of {self.kept_words} and maps at the peak; "
                f"{both} ({with_weights})."
            )
        return (
            f"Does not fit {size(self.sram)}: {self.kept_words} and maps need {size(self.peak)} at the peak, "
            f"{with_weights} with the weights."
        )

    @property
    def chart(self) -> Markup:
        """Bytes held over the order of execution, with the peak and the limit."""
        most = max(self.peak, self.sram or 0) * 1.08
        unit, name = binary_unit(most)
        x = Scale(0, len(self.alive), LEFT, RIGHT)
        y = Scale(0, most, BOTTOM, TOP)
        panel = Panel(
            x,
            y,
            "layers in order of execution",
            f"held while the layer runs, {name}",
            y_text=lambda value: short(value / unit),
            x_marks=[],
            y_marks=binary_marks(0, most, 5),
        )
        return drawing(
            [
                *panel.axes(),
                *self._areas(x, y),
                *self._stages(x),
                *self._limit(y),
                *self._peak(x, y),
                tag("path", d="", class_="guide cursor"),
            ],
            WIDTH,
            HEIGHT,
            f"Memory of one run over its layers, {size(self.peak)} at the peak",
            "broad",
        )

    def _areas(self, x: Scale, y: Scale) -> list[Markup]:
        bottom = number(y(self.kept))
        steps = "".join(
            f"V{number(y(self.kept + each))}H{number(x(place + 1))}" for place, each in enumerate(self.alive)
        )
        return [
            tag("path", d=f"M{LEFT} {BOTTOM}V{bottom}H{RIGHT}V{BOTTOM}Z", class_="kept pale"),
            tag("path", d=f"M{LEFT} {bottom}{steps}V{bottom}Z", class_="maps"),
        ]

    def _stages(self, x: Scale) -> list[Markup]:
        """The names of stages below, where there is room."""
        names = [moment.layer.partition(".")[0] for moment in self.schedule.moments]
        starts = [place for place, name in enumerate(names) if place == 0 or name != names[place - 1]]
        ends = [*starts[1:], len(names)]
        found: list[Markup] = []
        taken: list[tuple[float, float]] = []
        # the longest stages first: a short one between two goes without its name
        for start, _ in sorted(zip(starts, ends, strict=True), key=lambda span: span[0] - span[1]):
            low, high = x(start), x(start) + 6.6 * min(len(names[start]), 16) + 10
            if high > RIGHT + 12 or any(low < other[1] and other[0] < high for other in taken):
                continue
            taken.append((low, high))
            found += [tag("path", d=f"M{number(low)} {BOTTOM}v6", class_="axis")]
            found += [text(names[start][:16], low, BOTTOM + 19, "start", "mark")]
        return found

    def _limit(self, y: Scale) -> list[Markup]:
        if self.sram is None:
            return []
        at = y(self.sram)
        return [
            tag("path", d=f"M{LEFT} {number(at)}H{RIGHT}", class_="limit"),
            text(f"{size(self.sram)} available", RIGHT - 4, at - 6, "end", "halo limit-text"),
        ]

    def _peak(self, x: Scale, y: Scale) -> list[Markup]:
        place = self.alive.index(max(self.alive))
        at, high = x(place + 0.5), y(self.peak)
        anchor = "start" if at < (LEFT + RIGHT) / 2 else "end"
        words = f"peak {size(self.peak)} at {self.schedule.peak.layer}"
        beside = at + (10 if anchor == "start" else -10)
        return [
            tag("circle", cx=at, cy=high, r=4, class_="dot"),
            text(words, beside, high - 7, anchor, "halo strong"),
        ]

    @property
    def series(self) -> str:
        """What the chart tells of the layer under the mouse, for the page's script."""
        texts = [
            f"{place + 1} of {len(self.alive)}: {moment.layer}, {size(held)} of maps alive, "
            f"{size(held + self.kept)} in all"
            for place, (moment, held) in enumerate(zip(self.schedule.moments, self.alive, strict=True))
        ]
        start = self.alive.index(max(self.alive))
        return json.dumps(
            {"texts": texts, "start": start, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
        )


def size(count: float) -> str:
    """Bytes with a unit."""
    return rounded(count, "bytes") or f"{count:,.0f} B"
