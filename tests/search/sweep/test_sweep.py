"""A sweep keeps the designs asked for."""

import numpy as np
import pytest
from sweeps import rows_of, sweep_of

from costmodel.errors import OptionError
from search.sweep import sweep as sweep_module
from search.sweep.pareto import front

AXES = ("gamma_w=0.5:2:0.1", "gamma_b=1:4:0.5", "d4=1:6")


def test_conditions_keep_the_valid_designs_for_which_all_hold():
    every, some = (
        rows_of(sweep_of(*AXES)),
        rows_of(sweep_of(*AXES, where=("state_floats < 2e6 and params > 1e6", "gamma_b != 2.5"))),
    )
    wanted = (every["state_floats"] < 2_000_000) & (every["params"] > 1_000_000) & (every["gamma_b"] != 2.5)
    assert 0 < wanted.sum() < len(wanted)
    for name, values in some.items():
        assert (values == every[name][wanted]).all()


def test_the_front_of_a_sweep_is_that_of_all_its_rows(monkeypatch):
    monkeypatch.setattr(sweep_module, "PIECE", 100)
    every, some = rows_of(sweep_of(*AXES)), rows_of(sweep_of(*AXES, pareto=("macs_per_frame", "-params")))
    points = np.stack([every["macs_per_frame"], -every["params"]], axis=1)
    kept = front(points)
    assert sorted(some["macs_per_frame"]) == sorted(every["macs_per_frame"][kept])
    assert sorted(some["params"]) == sorted(every["params"][kept])


def test_sums_in_conditions_do_not_overflow():
    found = rows_of(sweep_of("gamma_w=1,2", where=("macs_per_frame ** 4 > 1e12",)))
    assert len(found["valid"]) == 2


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"where": ("parms < 3",)}, r"--where parms < 3: unknown name 'parms' \(did you mean 'params'\?\)"),
        ({"where": ("params <",)}, "--where params <: 'params <' is not an expression"),
        ({"where": ("params + 1",)}, "expected a comparison, such as"),
        ({"pareto": ("macs",)}, "--pareto: unknown 'macs'"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, problem):
    with pytest.raises(OptionError, match=problem):
        sweep_of("gamma_w=1,2", **options)


def test_an_unknown_axis_is_refused():
    with pytest.raises(OptionError, match="gama_w: x3d has no such size"):
        sweep_of("gama_w=1,2")
