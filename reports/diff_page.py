"""What changed from one network to another, as text, as data and as one table."""

from __future__ import annotations

from collections.abc import Sequence

from costmodel.analysis.rates import IN_SECONDS
from reports.compare import short
from reports.diff import FIGURES, OWN, Difference, apart
from reports.table import Page, Row, Shown, Table, Text
from reports.times import ABOUT, brief

MOST_LAYERS = 20  # that are shown unless all are asked for
FIGURE_COLUMNS = ("figure", "before", "after", "difference", "ratio")
LAYER_COLUMNS = ("change", "layer", "what", "MACs", "state", "params")
# A terminal has a sign in place of the word, so that what a change costs has room too.
MARK = " "
MARKS = {"added": "+", "removed": "-", "changed": "~", "affected": "="}
SHEET = (
    *("change", "layer", "layer_before", "op", "what"),
    *(f"{name}_{when}" for name in FIGURES for when in ("before", "after")),
)


def page(found: Difference, *, all_layers: bool) -> Page:
    """The figures that changed, then the layers."""
    return Page(
        found.as_json,
        lambda: _parts(found, (MARK, *LAYER_COLUMNS[1:]), all_layers=all_layers),
        lambda: Table(found.layers, SHEET),
        lambda: _parts(found, LAYER_COLUMNS, all_layers=all_layers),
    )


def _parts(found: Difference, columns: Sequence[str], *, all_layers: bool) -> list[Shown]:
    if found.is_none:
        told = f"; {found.renamed} layers are called otherwise" if found.renamed else ""
        return [Text.of(f"no difference{told}\n", "table", "md")]
    title = " -> ".join(found.lines)
    rows = [_shown_figure(found, row) for row in found.figures]
    chosen = found.layers if all_layers else _largest(found.own)
    layers = [_shown_layer(row) for row in chosen]
    return [
        Text.of(f"{found.input}\n" if found.input else "", "table", "md"),
        Table(rows, FIGURE_COLUMNS, f"{title}: figures; {ABOUT}", drop=("ratio",)),
        *([Table(layers, _that_say(layers, columns), "layers", drop=("params", "state"))] if layers else []),
        Text.of(_rest(found, len(layers)), "table", "md"),
    ]


def _that_say(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """The columns in which some row has a value."""
    return [each for each in columns if any(row[each] is not None for row in rows)]


def _rest(found: Difference, shown: int) -> str:
    """What is not shown, in words."""
    own, others = len(found.own), len(found.layers) - len(found.own)
    counts = [f"{sum(row['change'] == each for row in found.own)} {each} ({MARKS[each]})" for each in OWN]
    further = "further have other maps or figures because of them" if own else "have other maps or figures"
    left_out = "" if shown == len(found.layers) else "; --layers lists all"
    return f"layers: {', '.join(counts)}; {others} {further}{left_out}\n"


def _largest(rows: Sequence[Row]) -> list[Row]:
    """Those whose cost changed most, in the network's order."""
    ranked = sorted(range(len(rows)), key=lambda place: _size(rows[place]), reverse=True)
    return [rows[place] for place in sorted(ranked[:MOST_LAYERS])]


def _size(row: Row) -> float:
    changes = (
        apart(row[f"{name}_before"], row[f"{name}_after"])["difference"] for name in ("macs", "params")
    )
    return sum(abs(float(each)) for each in changes if isinstance(each, int | float))


def _shown_figure(found: Difference, row: Row) -> Row:
    name, ratio, moved = str(row["figure"]), row["ratio"], row["difference"]
    sides = {"before": found.before, "after": found.after}
    return {
        "figure": name,
        **{
            when: (name in IN_SECONDS and brief(sides[when], name)) or short(name, row[when])
            for when in sides
        },
        "difference": None if moved is None else _signed(name, moved),
        "ratio": None if ratio is None else f"{ratio:.4g}",
    }


def _signed(name: str, value: object) -> str:
    assert isinstance(value, int | float)
    return f"{'+' if value > 0 else '-'}{short(name, abs(value))}"


def _shown_layer(row: Row) -> Row:
    figures = {"MACs": "macs", "state": "state_floats", "params": "params"}
    moved = {
        title: apart(row[f"{name}_before"], row[f"{name}_after"])["difference"]
        for title, name in figures.items()
    }
    before, after = row["layer_before"], row["layer"]
    told = f"{row['what']}; was {before}" if before and after and before != after else row["what"]
    maps = f"{row['out_before'] or ''} -> {row['out_after'] or ''}".strip()
    return {
        "change": row["change"],
        MARK: MARKS[str(row["change"])],
        "layer": after or before,
        "what": told or (row["op"] if row["change"] in ("added", "removed") else maps),
        **{title: _signed(title, value) if value else None for title, value in moved.items()},
    }
