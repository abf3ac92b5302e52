"""The spatio-temporal entropy score, against its formula written out."""

from fractions import Fraction
from math import log, sqrt

import numpy as np
import pytest

from costmodel.analysis.entropy import entropy_score
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.numbers import Ratios
from costmodel.spec import document, elaborate, from_text
from costmodel.transforms.continual import continual

TWO_LAYERS = """
input: {channels: 3, time: 4, height: 16, width: 16}
network:
  - conv: {channels: 8, kernel: [1, 3, 3]}
  - relu
  - conv: {channels: 8, kernel: [3, 3, 3], groups: 8}
  - conv: {channels: 20}
  - global_pool
  - linear: {channels: 10}
"""


def alpha(maps, kernel):
    cosine = sum(a * b for a, b in zip(maps, kernel, strict=True))
    cosine /= sqrt(sum(a * a for a in maps)) * sqrt(sum(b * b for b in kernel))
    return -log(1 - cosine)


def test_the_score_is_the_sum_over_layers_plus_the_last_channels():
    expected = log(20)
    expected += log(3 * 9 * alpha((4, 16, 16), (1, 3, 3))) / 2
    expected += log(1 * 27 * alpha((4, 16, 16), (3, 3, 3))) / 2
    expected += log(8) / 2
    assert entropy_score(elaborate(from_text(TWO_LAYERS))) == pytest.approx(expected, rel=1e-12)


def test_a_map_of_the_kernels_proportions_stays_finite():
    cube = TWO_LAYERS.replace("time: 4", "time: 16")
    assert entropy_score(elaborate(from_text(cube))) < 30


def test_a_stream_has_the_score_of_its_clip_network():
    clip = elaborate(document("x3d"), "XS")
    assert evaluate(Figures(continual(clip)), "entropy") == evaluate(Figures(clip), "entropy")


@pytest.mark.parametrize("name", ["entropy", "depth"])
def test_an_array_of_depths_and_crops_agrees_with_each_design(name):
    spec = document("x3d")
    sets = {"gamma_d": Ratios(np.array([10, 22, 50]), 10), "crop": np.array([112, 160, 312])}
    together = evaluate(Figures(elaborate(spec, "M", sets)), name)
    for index, (variant, crop) in enumerate([("X2D", 112), ("M", 160), ("L", 312)]):
        own = {"crop": crop, "frames": 16, "gamma_b": Fraction("2.25")}
        alone = evaluate(Figures(elaborate(spec, variant, own)), name)
        assert together[index] == pytest.approx(alone, rel=1e-12)


def test_depth_counts_the_convolutions_of_the_longest_path():
    assert evaluate(Figures(elaborate(document("x3d"), "M")), "depth") == 2 + 3 * (3 + 5 + 11 + 7) + 1
