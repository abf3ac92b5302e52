"""The Co3D paper's memory figures of CoX3D-M, the right ones, and why they differ."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd

from costmodel.graph import Graph
from costmodel.spec import load
from costmodel.spec.load import Item
from reports.cells import Cell
from reports.networks import Networks
from reports.papers import paper
from reports.printed import number
from reports.reproduce import Reproduced, reproduce_paper

MEMORY_SECTIONS = ("sec. 3.4", "sec. 3.7", "appendix A")


@cache
def _figures() -> tuple[Reproduced, ...]:
    # The paper has 300 figures more, of other networks and of their costs, which nobody asks for here.
    return tuple(
        reproduce_paper(paper("co3d"), wanted=lambda cell: _is_of_table_4(cell) or _is_in_text(cell))
    )


def _is_of_table_4(cell: Cell) -> bool:
    return cell.table == "4"


def _is_in_text(cell: Cell) -> bool:
    return cell.table == "text" and cell.row in MEMORY_SECTIONS


@cache
def _clip() -> Graph:
    return load("x3d", variant="M")


def is_cox3d_m(clip: Graph) -> bool:
    """Whether a clip network is the one that Table 4 is about, layer for layer."""
    return clip.source == _clip().source and [(node.name, node.op, node.inputs) for node in clip.nodes] == [
        (node.name, node.op, node.inputs) for node in _clip().nodes
    ]


def table_4() -> pd.DataFrame:
    """Row by row: the paper's formula and value, the right one by its equations, and why they differ.

    `right` delays each branch at its head, as the rows of the paper do; `smallest` is that of `--state
    smallest`; `library` what the authors' code was measured to allocate.
    """
    given = paper("co3d").tables["4"].rows
    networks = Networks()
    rows = []
    for found in _figures():
        if _is_of_table_4(found.cell):
            beside = {cell.figure: cell.printed for cell in given[found.cell.row] if cell.is_given}
            rows.append(_row(found, beside, _smallest(found.cell, networks)))
    # the last row is the paper's total; what its rows do not add up to is kept by layers it does not list
    pools = rows[-1]["library"] - sum(row["library"] for row in rows[:-1])
    rows.insert(-1, _squeeze_excite(pools))
    return pd.DataFrame(rows)


def _row(found: Reproduced, beside: dict[str, str], smallest: int) -> dict[str, Any]:
    stage, _, layer = found.cell.row.partition(" ")
    formula = beside["formula"]
    assert isinstance(found.value, int)
    return {
        "stage": stage,
        "layer": layer,
        "formula": "" if formula == "-" else formula,
        "paper": int(number(found.cell.printed)),
        "right": found.value,
        "smallest": smallest,
        "library": int(number(beside["library"])),
        "difference": found.value - int(number(found.cell.printed)),
        "why": found.reason,
    }


def _squeeze_excite(library: int) -> dict[str, Any]:
    """What only the library keeps: its total is larger than its rows by this."""
    figures = dict.fromkeys(("paper", "right", "smallest"), 0) | {"library": library, "difference": 0}
    where = {"stage": "squeeze-excite", "layer": "pools", "formula": ""}
    return where | figures | {"why": "each pools its own frame alone and keeps nothing"}


def _smallest(cell: Cell, networks: Networks) -> int:
    # the same row asked of another network, so that its layers and its place stay the same
    network = Item("cox3d_m16_smallest", cell.item.file, cell.item.line)
    other = replace(cell, settings={**cell.settings, "network": network})
    value = networks.value(other, paper("co3d").networks, {})
    assert isinstance(value, int)
    return value


def text_figures() -> pd.DataFrame:
    """The memory figures in the text of sec. 3.4, 3.7 and appendix A, beside what the network needs."""
    rows = []
    for found in _figures():
        if _is_in_text(found.cell):
            assert not isinstance(found.value, str | None)
            rows.append(
                {
                    "where": found.cell.row,
                    "what": found.cell.figure,
                    "unit": found.cell.text("unit"),
                    "paper": found.cell.printed,
                    "right": round(float(found.value), 2),
                    "difference": round(float(found.difference or 0), 2),
                    "verdict": found.verdict,
                    "why": found.reason,
                }
            )
    return pd.DataFrame(rows)
