"""Random networks come in every layer and behind every transform that is registered."""

from dataclasses import fields

import pytest

from costmodel.ops import OPS, Op
from costmodel.transforms.base import TRANSFORMS
from costmodel.transforms.continual import Continual
from costmodel.transforms.dissect import Dissect
from costmodel.validation.random_networks import random_graph
from costmodel.validation.random_transforms import Made, random_made

GRAPHS = range(200)
MADE = range(60)


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [random_made(seed) for seed in MADE]


def test_every_layer_that_runs_is_drawn(made: list[Made]):
    graphs = [*map(random_graph, GRAPHS), *(each.graph for each in made)]
    drawn: set[type[Op]] = {type(node.op.unwrapped) for graph in graphs for node in graph.nodes}
    assert {each for each in OPS.values() if each.runs} - drawn == set()


def test_every_transform_is_drawn(made: list[Made]):
    assert {each.word for one in made for each in one.transforms} == set(TRANSFORMS)


@pytest.mark.parametrize("kind", [Continual, Dissect])
def test_every_option_is_drawn(kind: type, made: list[Made]):
    seen = [each for one in made for each in one.transforms if isinstance(each, kind)]
    usual = {field.name: field.default for field in fields(kind)}
    drawn = {name for each in seen for name, value in usual.items() if getattr(each, name) != value}
    assert drawn == set(usual)


def test_a_seed_gives_the_same_network_every_time(made: list[Made]):
    again = random_made(3)
    assert (again.start, again.transforms) == (made[3].start, made[3].transforms)


def test_networks_come_as_clips_and_as_streams(made: list[Made]):
    assert {each.graph.is_stream for each in made} == {True, False}
