"""Budgets and limits: units, arithmetic of metrics, and what is refused."""

from fractions import Fraction

import pytest

from costmodel.analysis.figures import Figures
from costmodel.analysis.quantities import Quantity, demand_rate, limit, notes, shown
from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.continual import Continual


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("macs_per_clip<=2GMAC", 2 * 10**9),
        ("macs_per_clip <= 4 GFLOP", 2 * 10**9),
        ("macs_per_clip<=1.5GFLOPs", 75 * 10**7),
        ("state_bytes<=8MiB", 8 * 2**20),
        ("state_bytes<=8MB", 8 * 10**6),
        ("params<=500k", 500_000),
        ("delay<=40", 40),
        ("macs_per_frame + 10 * params<=1e9", 10**9),
    ],
)
def test_an_amount_is_read_in_its_unit(text: str, bound: int):
    assert limit(text).bound == bound


def test_a_time_is_looked_at_in_seconds_where_the_bound_is():
    figures = Figures(Network.of("x3d_m", transforms=[Continual()]).graph(), fps=30)
    late = limit("lookahead<=4670ms")
    assert str(late) == "lookahead_seconds<=4.67s"
    assert late.quantity.value(figures) == Fraction(28 * 5, 30)
    assert late.holds(late.quantity.value(figures))
    assert not limit("delay + lookahead<=11.8s").holds(
        limit("delay + lookahead<=11.8s").quantity.value(figures)
    )


def test_a_time_without_a_rate_is_refused():
    with pytest.raises(OptionError) as error:
        demand_rate([limit("delay<=40"), limit("delay<=100ms")], None)
    assert str(error.value) == (
        "--limit delay_seconds<=100ms: delay_seconds needs the rate of the camera; "
        "add --fps, such as --fps 30"
    )


def test_flops_are_explained_where_they_are_written():
    assert notes([limit("macs_per_clip<=2GMAC")]) == ()
    (note,) = notes([limit("macs_per_clip<=4GFLOP"), limit("macs_per_frame<=1GFLOPs")])
    assert note.startswith("1 MAC = 2 FLOPs")


def test_a_relative_limit_is_a_multiple_of_the_present_value():
    assert limit("macs_per_clip<=16x").against(1000).bound == 16_000


def test_a_limit_from_below_holds_above_it():
    least = limit("receptive_field>=30")
    assert least.holds(30)
    assert not least.holds(29)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("macs<=2G", "--limit macs<=2G: unknown metric 'macs' (known: activation_bytes"),
        ("macs_per_clip<2", "--limit macs_per_clip<2: expected METRIC<=AMOUNT, such as macs_per_clip<=2GMAC"),
        ("state_bytes<=8MAC", "--limit state_bytes<=8MAC: state_bytes is in bytes, not in MAC"),
        ("delay<=8parsec", "--limit delay<=8parsec: unknown unit 'parsec' (known: MAC, MACs, FLOP"),
        ("params<=8ms", "--limit params<=8ms: params is in values, not in ms"),
        ("params<=8XB", "--limit params<=8XB: unknown unit 'XB' (known: MAC, MACs, FLOP"),
        ("2<=3", "--limit 2<=3: '2': no metric in it; expected arithmetic of metrics"),
        ("params<=", "--limit params<=: '' is not an amount; expected a number with a unit"),
        ("__import__('os')<=3", "--limit __import__('os')<=3: unknown function '__import__'"),
    ],
)
def test_a_wrong_limit_is_refused(text: str, message: str):
    with pytest.raises(OptionError) as error:
        limit(text)
    assert str(error.value).startswith(message)


def test_the_known_figures_are_listed_with_those_that_no_sweep_holds():
    with pytest.raises(OptionError) as error:
        limit("zzz<=2")
    listed = "; by a bound, then one by one: peak_activation_floats, activation_bytes, training_bytes"
    assert "lookahead_seconds" in str(error.value)
    assert str(error.value).endswith(listed)


def test_arithmetic_of_metrics_is_exact():
    values = {"params": 3, "macs_per_frame": Fraction(1, 2)}
    assert Quantity("params / 2 + macs_per_frame * 3").of(values) == 3


def test_a_metric_that_does_not_apply_is_named():
    with pytest.raises(OptionError, match="transient: transient does not apply to this network"):
        Quantity("transient").of({"transient": None})


def test_amounts_are_shown_with_prefixes():
    assert [shown(4732468736, "MAC"), shown(8 * 2**20, "bytes"), shown(40, "frames")] == [
        "4.73247 GMAC",
        "8 MiB",
        "40 frames",
    ]
    assert [shown(0.1, "seconds"), shown(Fraction(43, 6), "seconds")] == ["100 ms", "7.16667 s"]
