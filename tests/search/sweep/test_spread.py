"""Parts of a sweep that come back in any order, and workers that are lost with them."""

from dataclasses import dataclass, field, replace
from functools import partial
from pickle import loads

import pytest
from sweeps import sweep_of

from costmodel.errors import OptionError
from search.engine.cluster import Ended, Member
from search.sweep import spread
from search.sweep import sweep as sweep_module
from search.sweep.spread import parts_on

AXES = ("gamma_w=0.5:2:0.1", "gamma_b=1:4:0.5", "d4=1:6")


@dataclass
class Backwards:
    """Two workers in this process, of which the one called last ends first; `loses` of the calls get lost."""

    loses: int = 0
    calls: list[tuple[str, object]] = field(default_factory=list)
    members: dict[str, Member] = field(
        default_factory=lambda: {name: Member(name, None, {}) for name in "ab"}
    )

    def idle(self) -> list[Member]:
        return list(self.members.values())[len(self.calls) :]

    def call(
        self, key: str, member: Member, wanted, function: str, sent: bytes, start: int, stop: int
    ) -> None:
        assert function == "search.sweep.spread:part"
        assert loads(sent)
        self.calls.append((key, spread.part(sent, start, stop)))

    def ended(self):
        key, value = self.calls.pop()
        self.loses -= 1
        lost = Ended(key, reason="the worker was lost: a", is_lost=True)
        yield lost if self.loses >= 0 else Ended(key, value)


@pytest.mark.parametrize("loses", [0, 2])
@pytest.mark.parametrize("options", [{}, {"pareto": ("macs_per_frame", "-params")}])
def test_parts_come_in_order_whatever_ends_first(monkeypatch: pytest.MonkeyPatch, loses: int, options):
    monkeypatch.setattr(sweep_module, "PIECE", 100)
    monkeypatch.setattr(spread, "PIECE", 100)
    monkeypatch.setattr(spread, "PIECES_OF_A_FRONT", 2)
    found = sweep_of(*AXES, **options)
    here = list(found.pieces())
    there = list(replace(found, worked_out=partial(parts_on, Backwards(loses))).pieces())
    assert there[-1].valid == here[-1].valid
    for name in found.columns:
        rows = [
            [value for piece in pieces for value in piece.rows[name].tolist()] for pieces in (here, there)
        ]
        assert rows[0] == rows[1] != []


def test_a_part_that_loses_three_workers_ends_the_sweep():
    with pytest.raises(OptionError, match=r"^--engine dask: designs from 0: the worker was lost: a$"):
        list(parts_on(Backwards(3), sweep_of(*AXES)))
