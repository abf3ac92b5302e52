"""Similarity guided sampling as a layer of a spec: its costs, and what it does not take."""

import numpy as np
import pytest
import sympy

from costmodel.analysis.cost import analyze
from costmodel.errors import ShapeError, TransformError
from costmodel.graph import Graph, Node
from costmodel.ops import Conv, Sgs, infer
from costmodel.ops.base import macs_of
from costmodel.ops.sampling import bins_of_axes
from costmodel.transforms.continual import continual
from costmodel.types import TensorType

X = TensorType(4, 12, 5, 6)


def test_costs_are_linear_in_the_active_bins():
    similarity, each = 12 * (4 * 4 + 4 * 8), 12 * 4 * 5 * 6
    assert macs_of(Sgs(active=5).work(X)) == similarity + 5 * each
    assert macs_of(Sgs(active=np.array([1, 12])).work(X)).tolist() == [
        similarity + each,
        similarity + 12 * each,
    ]
    active = sympy.Symbol("active", integer=True, positive=True)
    assert sympy.expand(macs_of(Sgs(active=active).work(X))) == similarity + each * active


def test_without_a_number_all_bins_count():
    assert infer(Sgs(), (X,)).time == 12
    assert infer(Sgs(bins=7), (X,)).time == 7


def test_blocks_are_sampled_apart():
    op = Sgs(block=4, active=3)
    assert infer(op, (X,)).time == 9
    assert op.work(X)["mac.sampling.bins"] == 9 * 4 * (4 * 5 * 6)


def test_the_work_of_a_sampler_stands_apart():
    graph = Graph(
        "sampled", X, (Node("sgs", Sgs(active=2), ("input",)), Node("conv", Conv(channels=3), ("sgs",)))
    )
    found = analyze(graph)
    assert found.operations["mac.sampling.bins"] == 2 * 12 * 120
    assert found.operations["mac.conv"] == 3 * 4 * 2 * 30
    assert found.totals["macs_per_clip"] == sum(
        amount for kind, amount in found.operations.items() if kind.startswith("mac.")
    )


@pytest.mark.parametrize(
    ("op", "x", "message"),
    [
        (Sgs(active=13), X, "13 active of 12 bins; expected as many as there are bins at most"),
        (Sgs(block=4, active=5), X, "5 active of 4 bins; expected as many as there are bins at most"),
        (Sgs(), X.with_time(1), "samples a clip of one frame; put it where there are more"),
        (Sgs(block=5), X, "a clip of 12 frames is no whole number of blocks of 5; give blocks that fit"),
        (Sgs(block=1), X, "blocks of one frame, which are sampled already; give them 2 or more, or 0"),
        (Sgs(measure="angular", dimension=1), X, "a space of 1 dimensions has no angular distance"),
    ],
)
def test_what_it_does_not_take(op: Sgs, x: TensorType, message: str):
    with pytest.raises(ShapeError) as error:
        infer(op, (x,))
    assert message in str(error.value)


def test_a_stream_is_refused_with_the_reason():
    graph = Graph("sampled", X, (Node("sgs", Sgs(), ("input",)),))
    with pytest.raises(
        TransformError, match=r"sgs: sgs forms its bins over all 12 frames of a clip and cannot"
    ):
        continual(graph)


def test_bins_of_several_coordinates_are_as_the_paper_has_them():
    assert bins_of_axes(32, 2) == (4, 8)
    assert bins_of_axes(32, 3) == (2, 4, 4)
    assert bins_of_axes(13, 2) == (1, 13)
