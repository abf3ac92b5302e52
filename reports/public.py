"""A page of public networks: figures measured on each module, and those of its spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import TransformError
from costmodel.escape import Markup
from costmodel.graph import Graph
from costmodel.network import Network, Settings
from costmodel.readable import plain
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import Item, read
from reports.tables import markdown

KEYS = ("network", "from", "spec", "variant", "set", "params", "macs", "macs_per_frame", "state")
STREAM = {
    "MACs per frame": "macs_per_frame",
    "state": "state_floats",
    "delay": "delay",
    "lookahead": "lookahead",
    "receptive field": "receptive_field",
}
COLUMNS = ("network", "from", "spec", "input", "params", "MACs per clip", "difference", *STREAM)
HEAD = """# Public networks

Each public network beside its spec, made by `report public --out docs`; a test keeps it up to date.
`params` and `MACs per clip` were measured on the module itself (parameters counted, multiply-adds by torch's
FlopCounterMode, halved); `difference` is what the spec has more or less, in either. The figures for one frame
are the spec's with `--continual`; where the module has a form of its own for one frame, its multiply-adds and
the numbers that it keeps were measured too and count in the difference. `spec` is what follows `analyze`.
"""
REFUSED = """
Those without figures per frame cannot run frame by frame:
"""


@dataclass(frozen=True)
class Measured:
    """A public network, its spec, and what its module measures.

    Args:
        network: what its code calls it.
        origin: package or repository, with its version.
        figures: params, macs and, of a module with a form for one frame, macs_per_frame and state.
    """

    network: str
    origin: str
    spec: str
    variant: str | None
    sets: Settings
    figures: Mapping[str, int]

    @property
    def command(self) -> str:
        """The arguments of `analyze` that show the spec's figures."""
        variant = f" --variant {self.variant}" if self.variant else ""
        sets = "".join(f" --set {name}={value}" for name, value in self.sets.items())
        return f"{self.spec}{variant}{sets}"

    def clip(self) -> Network:
        """The spec's network."""
        return Network.of(self.spec, self.variant, self.sets)


def measured() -> Iterator[Measured]:
    """The public networks, as `specs/published/public_networks.yaml` lists them.

    Raises:
        SpecError: a row is wrong.
    """
    for row in read(shipped_folder() / "published" / "public_networks.yaml").value:
        yield _measured(row)


def _measured(row: Item) -> Measured:
    for key, item in row.value.items():
        if key not in KEYS:
            raise item.error(f"unknown key, expected {', '.join(KEYS)}")
    values = {key: item.value for key, item in row.value.items()}
    sets = {name: item.value for name, item in values.get("set", {}).items()}
    figures = {key: values[key] for key in KEYS[5:] if key in values}
    return Measured(values["network"], values["from"], values["spec"], values.get("variant"), sets, figures)


def rows() -> tuple[list[dict[str, object]], list[str]]:
    """A row for each public network, and a line for each that cannot run frame by frame."""
    found, refused = [], []
    for each in measured():
        network = each.clip()
        clip = network.graph()
        row: dict[str, object] = {"network": each.network, "from": each.origin, "input": str(clip.source)}
        row |= {"spec": Markup(f"`{each.command}`")}
        ours = _figures(clip, {"params": "params", "macs": "macs_per_clip"})
        try:
            stream = network if network.is_stream else network.continual()
            answers = _figures(stream.graph(), STREAM)
        except TransformError as error:
            refused.append(f"- `{each.command}`: {error}")
            answers = {}
        ours |= {"macs_per_frame": answers.get("MACs per frame"), "state": answers.get("state")}
        row |= {"params": each.figures["params"], "MACs per clip": each.figures["macs"]}
        row |= {"difference": sum(abs(ours[key] - value) for key, value in each.figures.items())} | answers
        found.append(row)
    return found, refused


def _figures(graph: Graph, wanted: Mapping[str, str]) -> dict[str, Any]:
    figures = Figures(graph)
    return {title: plain(evaluate(figures, name)) for title, name in wanted.items()}


def public() -> str:
    """The page in Markdown."""
    found, refused = rows()
    page = f"{HEAD}\n{markdown(found, COLUMNS)}"
    return page + REFUSED + "\n" + "\n".join(refused) + "\n" if refused else page
