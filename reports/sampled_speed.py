"""Measures and draws how the eager time of a sampled clip falls with its active bins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import OptionError
from costmodel.escape import drawing
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from reports.drawing import COLOURS, pictures
from reports.tables import frame_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 7
PLAIN = "without sampling"
Row = Mapping[str, Any]


def speed(network: Network, runs: int, say: Callable[[str], None]) -> list[Row]:
    """The median time of a clip at several numbers of active bins, and of the plain network.

    All are measured in one run, a few calls of each in turn, on one thread.

    Args:
        network: the sampled network.
        runs: calls of each.
        say: told of progress.

    Raises:
        OptionError: the network is not sampled.
    """
    from costmodel.emit.bench import Benched, Setting, bench_at

    sampling = network.made_by(Sgs)
    if sampling is None:
        raise OptionError("--sgs: is missing; expected the stage behind which frames are sampled")
    whole = network.with_transform(replace(sampling, active_bins=None)).graph()
    most = max(int(x.time) for node in whole.nodes if node.op.word == "sgs" for x in whole.inputs_of(node))
    numbers = sorted({round(1 + place * (most - 1) / (POINTS - 1)) for place in range(POINTS)})
    graphs = {n: network.with_transform(replace(sampling, active_bins=n)).graph() for n in numbers}
    graphs[0] = network.without(Sgs).graph()
    setting = Setting(backends=("eager",), runs=runs, fold=False)
    benched = [Benched(_called(number), graph) for number, graph in graphs.items()]
    return [
        {
            "active_bins": number or None,
            "macs_per_clip": evaluate(Figures(graph), "macs_per_clip"),
            "median_ms": row["median_ms"],
        }
        for (number, graph), row in zip(graphs.items(), bench_at(benched, setting, say), strict=True)
    ]


def _called(bins: int) -> str:
    """What progress and the benchmark call a network of so many active bins."""
    return f"{bins} bin{'s' * (bins > 1)}" if bins else PLAIN


def files_of(name: str, rows: Sequence[Row]) -> dict[str, bytes]:
    """The rows as CSV, and the drawing, by name."""
    import pandas as pd

    return {"sampled_speed.csv": frame_csv(pd.DataFrame(rows)).encode()} | pictures(
        draw(name, rows), "sampled_speed"
    )


def draw(name: str, rows: Sequence[Row]) -> Figure:
    """Time against multiply-adds, each point with its number of active bins."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axis = figure.subplots()
    sampled = [row for row in rows if row["active_bins"] is not None]
    for chosen, marker, label, colour in (
        (sampled, "o-", "sampled, by active bins", COLOURS[0]),
        ([row for row in rows if row["active_bins"] is None], "s", PLAIN, COLOURS[3]),
    ):
        macs = [row["macs_per_clip"] / 1e9 for row in chosen]
        axis.plot(macs, [row["median_ms"] for row in chosen], marker, color=colour, label=label)
    for row in sampled:
        place = (row["macs_per_clip"] / 1e9, row["median_ms"])
        axis.annotate(str(row["active_bins"]), place, xytext=(4, -11), textcoords="offset points")
    axis.set(xlabel="multiply-adds of a clip (G)", ylabel="median time of a clip (ms)", ylim=(0, None))
    axis.set_xlim(left=0)
    axis.set_title(drawing(f"{name}: eager, one clip, one thread"))
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    return figure
