"""Closed forms give the figures again when the numbers are put in; conventions say what they leave out."""

import pytest

from costmodel import continual, load
from costmodel.analysis.convention import count_of
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.explain import explain
from costmodel.analysis.figures import Figures
from costmodel.errors import OptionError


def test_facts_tell_how_a_layer_looks_through_time():
    facts = explain(continual(load("x3d_m"), pool=64), "pool5").facts
    assert (facts["kernel in time"], facts["delay so far"], facts["receptive field so far"]) == (64, 91, 120)
    assert facts["state, partial"] == "432x63x1x1 = 27216 floats"


def test_counts_of_a_layer_are_those_of_its_convention():
    graph = continual(load("x3d_m"))
    figures = Figures(graph)
    for name in ("conv1_bn", "fc2", "res2.0.main.se.gate", "pool5"):
        for each in explain(graph, name).counts:
            assert each.count == count_of(figures, CONVENTIONS[each.convention], graph.by_name[name])


def test_a_convention_says_what_it_leaves_out():
    counts = {each.convention: each for each in explain(load("x3d_m"), "fc2").counts}
    assert (counts["thop"].rules, counts["thop"].left_out) == ("mac.linear", {"bias.linear": 400})
    assert (counts["ptflops-aten"].left_out, counts["torchinfo"].left_out) == ({}, {})
    gate = {each.convention: each for each in explain(load("x3d_m"), "res2.0.main.se.gate").counts}
    assert (gate["fvcore"].count, gate["fvcore"].left_out) == (0, {"mul": 2_709_504})
    assert (gate["ptflops"].rules, gate["ptflops"].left_out) == ("mul", {})


def test_an_unknown_layer_names_the_nearest():
    with pytest.raises(OptionError) as error:
        explain(load("x3d_m"), "res2.0.mian.b")
    assert str(error.value) == "x3d_m: no layer 'res2.0.mian.b' (did you mean 'res2.0.main.b'?)"
