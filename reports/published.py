"""The paper's memory figures of CoX3D-M beside the right ones, and why they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd
import yaml

from costmodel.analysis.cost import analyze
from costmodel.graph import Graph, Node
from costmodel.ops import Delay, Step
from costmodel.spec import load
from costmodel.spec.document import shipped_folder
from costmodel.transforms.continual import continual


@cache
def _table_4() -> Mapping[str, Any]:
    text = (shipped_folder() / "published" / "co3d_table4.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


@cache
def _clip() -> Graph:
    return load(_table_4()["spec"], variant=_table_4()["variant"])


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
    streams = {"right": continual(_clip()), "smallest": continual(_clip(), state="smallest")}
    rows = [_row(row, streams) for row in _table_4()["rows"]]
    rest = _table_4()["library_rest"]
    rows.append(
        {"stage": rest["stage"], "layer": rest["layer"], "formula": "", "paper": 0, "right": 0, "smallest": 0}
        | {
            "library": rest["floats"],
            "difference": 0,
            "why": "each pools its own frame alone and keeps nothing",
        }
    )
    total: dict[str, Any] = {"stage": "total", "layer": "", "formula": "", "paper": _table_4()["total"]}
    total |= {name: analyze(stream).totals["state_floats"] for name, stream in streams.items()}
    total |= {"library": _table_4()["library_total"], "difference": total["right"] - total["paper"]}
    return pd.DataFrame([*rows, total | {"why": _table_4()["total_why"]}])


def _row(row: Mapping[str, Any], streams: Mapping[str, Graph]) -> dict[str, Any]:
    values = {name: _kept(stream, row) for name, stream in streams.items()}
    return {
        "stage": row["stage"],
        "layer": row["layer"],
        "formula": row["formula"],
        "paper": row["floats"],
        **values,
        "library": row["library"],
        "difference": values["right"] - row["floats"],
        "why": row.get("why", ""),
    }


def _kept(stream: Graph, row: Mapping[str, Any]) -> int:
    kind = Step if row["of"] == "step" else Delay
    nodes = [node for node in stream.nodes if isinstance(node.op, kind) and _is_meant(node, row)]
    kept = (tensor for node in nodes for tensor in node.op.carry(*stream.inputs_of(node)).kept.values())
    return sum(int(tensor.values) for tensor in kept)


def _is_meant(node: Node, row: Mapping[str, Any]) -> bool:
    if "blocks" not in row:
        return node.name.startswith(row["stage"])
    stage, block, *_ = (*node.name.split("."), "")
    first, last = row["blocks"]
    return bool(stage == row["stage"] and first <= int(block) + 1 <= last)


def text_figures() -> pd.DataFrame:
    """The memory figures in the text of sec. 3.7 and appendix A, beside what the network needs."""
    rows = []
    for row in _table_4()["text"]:
        clip = replace(_clip(), source=_clip().source.with_time(row["frames"]))
        graph = continual(clip) if row["mode"] == "continual" else clip
        own = FIGURES.get(row["figure"])
        right = analyze(graph).totals[row["figure"]] if own is None else own(clip)
        rows.append(
            {
                "what": row["what"],
                "frames": row["frames"],
                "paper": row["floats"],
                "right": right,
                "difference": round(right - row["floats"], 2),
                "why": row["why"],
            }
        )
    return pd.DataFrame(rows)


def _excite_pool_floats(clip: Graph) -> int:
    """What the sliding pools of squeeze-excite over the clip would keep, the waits that they cause apart."""
    rows = analyze(continual(clip, excite="clip")).rows
    return sum(row["state_floats"] for row in rows if ".se." in row["name"] and row["op"] != "delay")


def _residual_percent(clip: Graph) -> float:
    """What delays hold, in percent of the state."""
    stream = analyze(continual(clip))
    delays = sum(int(row["state_floats"]) for row in stream.rows if row["op"] == "delay")
    return round(100 * delays / int(stream.totals["state_floats"]), 2)


FIGURES: Mapping[str, Callable[[Graph], float]] = {
    "excite_pool_floats": _excite_pool_floats,
    "residual_percent": _residual_percent,
}
