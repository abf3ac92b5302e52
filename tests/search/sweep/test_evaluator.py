"""An evaluator gives for many designs at once what the integer analysis gives for each."""

from fractions import Fraction

import numpy as np
import pytest

from costmodel.errors import OptionError
from costmodel.numbers import Ratios
from costmodel.spec import document, from_text
from costmodel.transforms.continual import Continual
from search.sweep.columns import Column
from search.sweep.evaluator import Evaluator

METRICS = (
    "macs_per_frame",
    "params",
    "state_floats",
    "receptive_field",
    "delay",
    "largest_activation_floats",
)


def designs(count, seed, denominator=100):
    draw = np.random.default_rng(seed).integers
    return {
        "gamma_w": Column(draw(denominator // 2, 2 * denominator, count), denominator),
        "gamma_b": Column(draw(denominator // 2, 4 * denominator, count), denominator),
        "gamma_d": Column(draw(denominator // 2, 5 * denominator, count), denominator),
        "frames": Column(draw(1, 65, count)),
        "crop": Column(draw(4, 320, count)),
    }


def agrees(evaluator, columns, rows):
    found = evaluator(columns)
    for row in rows:
        exact = evaluator.exact({name: column.value(row) for name, column in columns.items()})
        assert found["valid"][row] == (exact is not None)
        assert exact is None or {name: found[name][row] for name in exact} == exact


@pytest.mark.parametrize("transform", [None, Continual(), Continual(pool=64, state="window", excite="clip")])
@pytest.mark.parametrize("denominator", [20, 100_000])
def test_figures_equal_the_integer_analysis(transform, denominator):
    evaluator = Evaluator(document("x3d"), "M", METRICS, transform=transform)
    agrees(evaluator, designs(2000, 3, denominator), range(0, 2000, 100))


def test_what_decides_the_layers_is_taken_apart():
    columns = {
        "squeeze_excite": np.array([0, 1, 1, 0]),
        "channelwise": np.array([1, 0, 1, 1]),
        "d4": np.array([1, 2, 3, 7]),
        "gamma_b": [Fraction(1, 2), Fraction(9, 4), 3, 1],
    }
    agrees(Evaluator(document("x3d"), "S", METRICS), {k: Column.of(v) for k, v in columns.items()}, range(4))


def test_a_stage_without_layers_is_the_network_that_the_integer_analysis_builds():
    columns = {"d4": Column(np.array([0, 1, 2, 0])), "gamma_b": Column(np.array([1, 2, 3, 4]), 2)}
    agrees(Evaluator(document("x3d"), "M", METRICS), columns, range(4))


def test_designs_that_are_no_network_are_not_valid():
    columns = {"frames": Column(np.array([1, 8, 32, 33]), 2), "gamma_w": Column(np.array([1, 1, 0, -3]))}
    evaluator = Evaluator(document("x3d"), "M", METRICS)
    agrees(evaluator, columns, range(4))
    found = evaluator(columns)
    assert found["valid"].tolist() == [False, True, True, False]
    assert found["params"][0] == 0


def test_columns_may_be_ratios_with_denominators_of_their_own():
    found = Evaluator(document("x3d"), "M")({"gamma_w": Ratios(np.array([1, 3]), np.array([2, 4]))})
    alike = Evaluator(document("x3d"), "M")({"gamma_w": [Fraction(1, 2), Fraction(3, 4)]})
    assert found["params"].tolist() == alike["params"].tolist()


def test_figures_beyond_64_bits_are_exact_all_the_same():
    spec = from_text(
        "input: {channels: 3, time: t, height: s, width: s}\nsizes: {t: 4, s: 8, c: 8}\n"
        "network: [{conv: {channels: c, kernel: [3, 3, 3]}}, {conv: {channels: c, kernel: [1, 1, 1]}}]"
    )
    evaluator = Evaluator(spec, metrics=("macs_per_clip",))
    columns = {name: Column(np.array([9_999_999, 5])) for name in ("t", "s", "c")}
    found = evaluator(columns)["macs_per_clip"]
    exact = [evaluator.exact({name: each.value(row) for name, each in columns.items()}) for row in (0, 1)]
    assert found.tolist() == [each["macs_per_clip"] for each in exact]
    assert found[0] > 1 << 63


def test_groups_that_do_not_divide_are_not_valid():
    spec = from_text(
        "input: {channels: c, time: 4, height: 8, width: 8}\nsizes: {c: 8, g: 2}\n"
        "network: [{conv: {channels: 12, kernel: [3, 3, 3], groups: g}}]"
    )
    evaluator = Evaluator(spec, metrics=("params",))
    columns = {"c": Column(np.arange(1, 25)), "g": Column(np.tile([1, 2, 3], 8))}
    agrees(evaluator, columns, range(24))


def test_a_mean_over_a_temporal_stride_is_the_integer_analysis_s():
    spec = from_text(
        "input: {channels: 3, time: 16, height: 8, width: 8}\nsizes: {c: 8}\nnetwork: "
        "[{conv: {channels: c, kernel: 3, stride: [2, 1, 1]}}, {conv: {channels: 5, kernel: [3, 1, 1]}}]"
    )
    evaluator = Evaluator(spec, metrics=("macs_per_frame", "macs_worst_step", "delay"), transform=Continual())
    agrees(evaluator, {"c": Column(np.arange(1, 9))}, range(8))


def test_unknown_names_and_floats_are_refused():
    evaluator = Evaluator(document("x3d"), "M")
    with pytest.raises(OptionError, match=r"gamma_x: x3d has no such size \(did you mean 'gamma_.'"):
        evaluator({"gamma_x": np.array([1])})
    with pytest.raises(OptionError, match="a column of floats is not exact"):
        evaluator({"gamma_w": np.array([1.5])})
    with pytest.raises(OptionError, match=r"columns of \[1, 2\] values, expected one length"):
        evaluator({"gamma_w": np.array([1]), "frames": np.array([1, 2])})


def test_wider_ranges_are_taken_in_as_they_come():
    evaluator = Evaluator(document("x3d"), "M", METRICS)
    for seed, denominator in ((1, 10), (2, 100), (3, 30)):
        agrees(evaluator, designs(50, seed, denominator), range(0, 50, 10))
