"""A page with one row for each network that comes with the tool, as a clip and frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import TransformError
from costmodel.escape import Markup
from costmodel.network import Network
from costmodel.readable import plain
from costmodel.spec import Document, document
from costmodel.spec.document import shipped_names
from reports.papers import paper, paper_names
from reports.tables import markdown
from reports.times import in_three_units

CLIP_FIGURES = {"params": "params", "MACs per clip": "macs_per_clip"}
STREAM_FIGURES = {
    "MACs per frame": "macs_per_frame",
    "worst step": "macs_worst_step",
    "state": "state_floats",
}
STREAM_TIMES = {"delay": "delay", "receptive field": "receptive_field"}
COLUMNS = ("network", "input", *CLIP_FIGURES, *STREAM_FIGURES, *STREAM_TIMES)
MULTIPLIER = "width"

HEAD = """# Gallery

Every network that comes with the tool, made by `report gallery --out docs`; a test keeps it up to date.
`network` is what follows `analyze`. Costs are multiply-accumulates: of one clip, and with `--continual` of
one frame, as a rounded mean and in the most expensive step. State is in numbers kept between frames; delay
and receptive field are in model frames / camera frames / seconds, at the camera's rate of the training.
"""
REFUSED = """
Those without figures per frame cannot run frame by frame:
"""


@dataclass(frozen=True)
class Entry:
    """A network of the gallery: a spec, its variant and the values set."""

    spec: str
    variant: str | None = None
    sets: Mapping[str, object] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The arguments of `analyze` that show the network."""
        variant = f" --variant {self.variant}" if self.variant else ""
        return f"{self.spec}{variant}" + "".join(f" --set {name}={_text(v)}" for name, v in self.sets.items())


def entries() -> Iterator[Entry]:
    """Each network once: a spec's own variants, and the published widths where it has a multiplier."""
    for name in shipped_names():
        source = document(name)
        variants = list(_own_variants(source))
        if MULTIPLIER in source.globals:
            yield from (Entry(name, None, {MULTIPLIER: width}) for width in _published_widths(name))
        elif variants:
            yield from (Entry(name, variant) for variant in variants)
        elif "extends" not in source.root.value:
            yield Entry(name)


def _own_variants(source: Document) -> Iterator[str]:
    """Variants that the spec's own file declares; those of the spec that it extends are listed there."""
    item = source.root.value.get("variants")
    yield from item.value if item is not None else ()


def _published_widths(spec: str) -> list[object]:
    # more than one paper may print the same width
    found = set()
    for name in paper_names():
        for item in paper(name).networks.values():
            given = item.value
            if "spec" in given and given["spec"].value == spec and "set" in given:
                found |= {each.value for key, each in given["set"].value.items() if key == MULTIPLIER}
    return sorted(found) or [1]


def rows() -> tuple[list[dict[str, object]], list[str]]:
    """A row for each network, and a line for each that cannot run frame by frame."""
    found, refused = [], []
    for entry in entries():
        network = Network.of(entry.spec, entry.variant, entry.sets)
        clip = network.graph()
        row: dict[str, object] = {"network": Markup(f"`{entry.command}`"), "input": str(clip.source)}
        row |= _figures(Figures(clip), CLIP_FIGURES)
        try:
            stream = Figures(network.continual().graph())
            row |= _figures(stream, STREAM_FIGURES) | _times(stream)
        except TransformError as error:
            # where the command that diagnoses it would stand, the page has the command itself
            refused.append(f"- `{entry.command}`: {error.__cause__ or error}")
        found.append(row)
    return found, refused


def _figures(figures: Figures, wanted: Mapping[str, str]) -> dict[str, object]:
    found = {title: plain(evaluate(figures, name)) for title, name in wanted.items()}
    return {title: _whole(value) for title, value in found.items()}


def _times(figures: Figures) -> dict[str, object]:
    """Times in three units; an unbounded one stays what it is."""
    found = {title: plain(evaluate(figures, name)) for title, name in STREAM_TIMES.items()}
    return {title: in_three_units(figures.graph, value) or value for title, value in found.items()}


def _whole(value: object) -> object:
    """A mean to the nearest whole number; unbounded stays so."""
    return round(value) if isinstance(value, float) and isfinite(value) else value


def gallery() -> str:
    """The page in Markdown."""
    found, refused = rows()
    page = f"{HEAD}\n{markdown(found, COLUMNS)}"
    return page + REFUSED + "\n" + "\n".join(refused) + "\n" if refused else page


def _text(value: object) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)
