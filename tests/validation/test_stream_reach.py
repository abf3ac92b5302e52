"""A stream tells how far it sees by a few frames of its cycle as by all of them."""

from collections.abc import Sequence

import pytest

from costmodel import Graph
from costmodel.spec import elaborate, from_text
from costmodel.transforms.continual import Continual
from costmodel.validation import stream_reach
from costmodel.validation.check import Check
from costmodel.validation.reach import check_reach

HALF = "stride: [2, 1, 1]"
CONV = f"conv: {{channels: 4, kernel: [3, 1, 1], {HALF}}}"
NETWORKS = {
    "strides": f"- {CONV}\n" * 3,
    "uneven strides": "- conv: {channels: 4, kernel: [5, 1, 1], stride: [3, 1, 1]}\n" * 2,
    "a window that looks ahead alone": (
        f"- conv: {{channels: 4, kernel: [2, 1, 1], {HALF}}}\n" * 3 + "- shift: {frames: -2}\n"
    ),
    "a window that looks back alone": (
        f"- conv: {{channels: 4, kernel: [3, 1, 1], {HALF}, causal: true}}\n" * 3 + "- global_pool\n"
    ),
    "branches of unequal strides": (
        f"- {CONV}\n"
        "- add: {a: [conv: {channels: 4, kernel: [3, 1, 1], stride: [4, 1, 1]}], "
        f"b: [conv: {{channels: 4, kernel: [5, 1, 1], {HALF}}}, {CONV}]}}\n"
    ),
}
PHASES = dict.fromkeys(NETWORKS, 8) | {"uneven strides": 9}


def stream(network: str) -> Graph:
    text = f"input: {{channels: 3, time: 36, height: 2, width: 2}}\nnetwork:\n{network}"
    return Continual()(elaborate(from_text(text, "x")))


def by_name(checks: Sequence[Check]) -> dict[str, object]:
    return {check.what: check.measured for check in checks}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_few_phases_tell_what_all_do(name: str, monkeypatch: pytest.MonkeyPatch):
    few = list(check_reach(stream(NETWORKS[name])))
    assert all(check.holds for check in few), few
    assert any(f"of {PHASES[name]} between which" in check.note for check in few)
    monkeypatch.setattr(stream_reach, "FEW_PHASES", 100)
    every = list(check_reach(stream(NETWORKS[name])))
    assert any(f"at {PHASES[name]} phases" in check.note for check in every)
    assert by_name(few) == by_name(every)


@pytest.mark.parametrize("wrong_by", [-1, 1, 3])
def test_where_something_else_is_told_all_phases_tell_what_is_so(
    wrong_by: int, monkeypatch: pytest.MonkeyPatch
):
    graph = stream(NETWORKS["strides"])
    known = by_name(list(check_reach(graph)))
    honest = stream_reach.evaluate
    monkeypatch.setattr(
        stream_reach,
        "evaluate",
        lambda figures, metric: honest(figures, metric) + (wrong_by if metric == "receptive_field" else 0),
    )
    checks = {check.what: check for check in check_reach(graph)}
    assert {name for name, check in checks.items() if not check.holds} == {"receptive_field"}
    assert {name: check.measured for name, check in checks.items()} == known
    assert "at 8 phases" in checks["receptive_field"].note
