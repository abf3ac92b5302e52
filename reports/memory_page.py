"""The memory report as files: tables as CSV, a page in Markdown, a drawing as PNG and SVG."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from costmodel.escape import drawing
from costmodel.escape import markdown as escaped
from reports import published
from reports.drawing import pictures
from reports.memory import MemoryReport
from reports.tables import frame_csv, markdown

COLOURS = {
    "temporal convolutions": "#31688e",
    "delays": "#fd9a44",
    "pools": "#35b779",
    "other state": "#777777",
    "maps": "#31688e",
    "clip buffer": "#fd9a44",
}
MOST_ROWS = 20
CHIP = (
    "A neural processor without a cache holds state and maps in one block of memory. What is kept is an "
    "input and an output of its program: while a layer runs, its own state stands there twice."
)


def files_of(report: MemoryReport) -> dict[str, bytes]:
    """All files of a report by name."""
    tables = {"memory": report.layers, "totals": report.totals, "clips": report.clips}
    tables |= {"schedule": report.schedule, "traffic": report.traffic}
    if report.is_stream and published.is_cox3d_m(report.clip):
        tables |= {"table4": published.table_4(), "published": published.text_figures()}
    if report.on_chip is not None:
        tables |= {"npu": report.chip, "npu_layers": report.chip_layers}
    files = {f"{name}.csv": frame_csv(table).encode() for name, table in tables.items()}
    files["memory.md"] = page(report, tables).encode()
    return files | drawings(report)


def page(report: MemoryReport, tables: Mapping[str, pd.DataFrame]) -> str:
    """The report for a reader: what it is about, its totals, layers, clips and traffic."""
    how = "frame by frame" if report.is_stream else f"clips of {report.clip.source.time} frames"
    what = "state" if report.is_stream else "clip buffer and maps"
    parts = [
        f"# Memory of {escaped(report.graph.name)}, {how}\n",
        f"Equations are those of Hedegaard and Iosifidis (2022). Sizes in bytes are {report.dtype}.\n",
        *(f"- {escaped(note)}\n" for note in report.graph.notes),
        "## Totals\n",
        _markdown(tables["totals"]),
        f"## {what.capitalize()} by layer\n",
        *(
            []
            if report.is_stream
            else ["Maps are made one after the other; the totals say what is alive at once.\n"]
        ),
        _markdown(_with_total(tables["memory"])),
        "## Clips beside frame by frame\n",
        _clips_text(report),
        _markdown(tables["clips"]),
        "## Memory traffic\n",
        "Each layer by itself moves each of its tensors once (Williams 2009); a multiply-accumulate is two "
        f"operations. The {MOST_ROWS} layers that move most; traffic.csv has all.\n",
        _markdown(_busiest(tables["traffic"])),
    ]
    if "npu" in tables:
        parts += ["## On a chip, in 8 bits\n", f"{CHIP}\n", _markdown(tables["npu"])]
    if "table4" in tables:
        parts += ["## Table 4 of the paper\n", _markdown(tables["table4"])]
        parts += ["## Figures in the paper's text\n", _markdown(tables["published"])]
    return "\n".join(parts)


def _clips_text(report: MemoryReport) -> str:
    if report.refusal:
        return f"Not frame by frame: {escaped(report.refusal)}\n"
    if report.needs_less_from is None:
        return "No clip needs more memory than the network frame by frame.\n"
    return (
        "The worst case is the state or the clip buffer, and the largest map (sec. 3.7). From clips of "
        f"{report.needs_less_from} frames on, frame by frame needs less.\n"
    )


def _with_total(layers: pd.DataFrame) -> pd.DataFrame:
    total = {"stage": "total", "floats": int(layers["floats"].sum()), "share": float(layers["share"].sum())}
    # text from here on: blanks under the columns that have no total
    shares = pd.concat([layers, pd.DataFrame([total])], ignore_index=True).fillna("")
    return shares.assign(share=[f"{share:.1%}" for share in shares["share"]])


def _busiest(traffic: pd.DataFrame) -> pd.DataFrame:
    columns = ["mode", "layer", "op", "weights_bytes", "state_read_bytes", "state_written_bytes", "bytes"]
    # Stable, so that layers that move as much keep their order, and the page is the same in every run.
    found = traffic.sort_values("bytes", ascending=False, kind="stable")
    kept = found.groupby("mode", sort=False).head(MOST_ROWS).sort_values("mode", kind="stable")
    return kept[[*columns, "operations_per_byte"]]


def _markdown(table: pd.DataFrame) -> str:
    rows = [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
    return markdown(rows, list(map(str, table.columns)))


def _plain(value: object) -> object:
    # pandas hands out numpy scalars, which print otherwise.
    item = getattr(value, "item", None)
    found = item() if callable(item) else value
    return None if isinstance(found, float) and pd.isna(found) else found


def drawings(report: MemoryReport) -> dict[str, bytes]:
    """The drawing as PNG and SVG, the same bytes for the same report."""
    with rc_context({"font.size": 9}):
        return pictures(draw(report), "memory")


def by_stage(layers: pd.DataFrame, is_stream: bool) -> pd.DataFrame:
    """Floats by stage, in order, and kind of layer: what the drawing shows."""
    kind = _kind_of_state if is_stream else _kind_of_map
    table = layers.assign(kind=[kind(op) for op in layers["op"]]).pivot_table(
        index="stage", columns="kind", values="floats", aggfunc="sum", fill_value=0, sort=False
    )
    return table.astype(int)


def _kind_of_state(op: str) -> str:
    if op == "delay":
        return "delays"
    if "pool" in op:
        return "pools"
    return "temporal convolutions" if op == "step conv" else "other state"


def _kind_of_map(op: str) -> str:
    return op if op == "clip buffer" else "maps"


def draw(report: MemoryReport) -> Figure:
    """Floats by stage, and clips beside frame by frame."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    stages, clips = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_stages(stages, report)
    _draw_clips(clips, report)
    figure.suptitle(drawing(f"Memory of {report.graph.name}"))
    return figure


def _draw_stages(axes: Axes, report: MemoryReport) -> None:
    table = by_stage(report.layers, report.is_stream)
    bottom = pd.Series(0, index=table.index)
    for kind in table.columns:
        axes.bar(list(table.index), table[kind], bottom=bottom, label=kind, color=COLOURS[kind])
        # not +=, which would change the series that the bars were drawn from
        bottom = bottom + table[kind]
    kept = f"state kept between frames: {int(bottom.sum()):,} floats"
    axes.set_title(kept if report.is_stream else "clip buffer, and maps made one after the other")
    axes.set_ylabel("floats")
    axes.yaxis.set_major_formatter(FuncFormatter(_suffixed))
    axes.tick_params(axis="x", rotation=0 if len(table) <= 8 else 90)
    if len(table.columns):
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_clips(axes: Axes, report: MemoryReport) -> None:
    clips = report.clips
    places = range(len(clips))
    axes.bar([place - 0.2 for place in places], clips["clip_worst_case"], 0.4, label="clip", color="#bbbbbb")
    if not report.refusal:
        axes.bar(
            [place + 0.2 for place in places],
            clips["frame_worst_case"],
            0.4,
            label="frame by frame",
            color="#31688e",
        )
    axes.set_xticks(list(places), [f"{frames} frames" for frames in clips["frames"]])
    first = report.needs_less_from
    axes.set_title("worst case" + (f"\n(frame by frame needs less from {first} frames on)" if first else ""))
    axes.yaxis.set_major_formatter(FuncFormatter(_suffixed))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _suffixed(value: float, _: object = None) -> str:
    size, suffix = next(((s, x) for s, x in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= s), (1, ""))
    return f"{value / size:g}{suffix}"
