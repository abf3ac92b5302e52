"""An evaluator gives for many designs at once what the integer analysis gives for each."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest

from costmodel.analysis.figures import Figures
from costmodel.analysis.formula import formulas, is_whole
from costmodel.analysis.metrics import METRICS as TOTALS
from costmodel.analysis.metrics import OF_ORDER, evaluate
from costmodel.analysis.sensitivity import describes, value_at
from costmodel.errors import OptionError, TransformError
from costmodel.network import Network
from costmodel.numbers import Ratios
from costmodel.spec import from_text
from costmodel.spec.document import shipped_folder
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold
from search.sweep.columns import Column
from search.sweep.evaluator import Evaluator

SPECS = shipped_folder()
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


@pytest.mark.parametrize(
    ("transforms", "denominator"),
    [([], 20), ([Continual()], 100_000), ([Continual(pool=64, state="window", excite="clip")], 20)],
)
def test_figures_equal_the_integer_analysis(transforms, denominator):
    evaluator = Evaluator(Network.of("x3d", "M", transforms=transforms), METRICS)
    agrees(evaluator, designs(2000, 3, denominator), range(0, 2000, 100))


def test_what_decides_the_layers_is_taken_apart():
    columns = {
        "squeeze_excite": np.array([0, 1, 1, 0]),
        "channelwise": np.array([1, 0, 1, 1]),
        "d4": np.array([1, 2, 3, 7]),
        "gamma_b": [Fraction(1, 2), Fraction(9, 4), 3, 1],
    }
    agrees(
        Evaluator(Network.of("x3d", "S"), METRICS), {k: Column.of(v) for k, v in columns.items()}, range(4)
    )


def test_a_stage_without_layers_is_the_network_that_the_integer_analysis_builds():
    columns = {"d4": Column(np.array([0, 1, 2, 0])), "gamma_b": Column(np.array([1, 2, 3, 4]), 2)}
    agrees(Evaluator(Network.of("x3d", "M"), METRICS), columns, range(4))


def test_designs_that_are_no_network_are_not_valid():
    columns = {"frames": Column(np.array([1, 8, 32, 33]), 2), "gamma_w": Column(np.array([1, 1, 0, -3]))}
    evaluator = Evaluator(Network.of("x3d", "M"), METRICS)
    agrees(evaluator, columns, range(4))
    found = evaluator(columns)
    assert found["valid"].tolist() == [False, True, True, False]
    assert found["params"][0] == 0


def test_columns_may_be_ratios_with_denominators_of_their_own():
    found = Evaluator(Network.of("x3d", "M"))({"gamma_w": Ratios(np.array([1, 3]), np.array([2, 4]))})
    alike = Evaluator(Network.of("x3d", "M"))({"gamma_w": [Fraction(1, 2), Fraction(3, 4)]})
    assert found["params"].tolist() == alike["params"].tolist()


def test_figures_beyond_64_bits_are_exact_all_the_same():
    spec = from_text(
        "input: {channels: 3, time: t, height: s, width: s}\nsizes: {t: 4, s: 8, c: 8}\n"
        "network: [{conv: {channels: c, kernel: [3, 3, 3]}}, {conv: {channels: c, kernel: [1, 1, 1]}}]"
    )
    evaluator = Evaluator(Network(spec), metrics=("macs_per_clip",))
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
    evaluator = Evaluator(Network(spec), metrics=("params",))
    columns = {"c": Column(np.arange(1, 25)), "g": Column(np.tile([1, 2, 3], 8))}
    agrees(evaluator, columns, range(24))


def test_a_mean_over_a_temporal_stride_is_the_integer_analysis_s():
    spec = from_text(
        "input: {channels: 3, time: 16, height: 8, width: 8}\nsizes: {c: 8}\nnetwork: "
        "[{conv: {channels: c, kernel: 3, stride: [2, 1, 1]}}, {conv: {channels: 5, kernel: [3, 1, 1]}}]"
    )
    evaluator = Evaluator(
        Network(spec, transforms=(Continual(),)), ("macs_per_frame", "macs_worst_step", "delay")
    )
    agrees(evaluator, {"c": Column(np.arange(1, 9))}, range(8))


def test_unknown_names_and_floats_are_refused():
    evaluator = Evaluator(Network.of("x3d", "M"))
    with pytest.raises(OptionError, match=r"gamma_x: x3d has no such size \(did you mean 'gamma_.'"):
        evaluator({"gamma_x": np.array([1])})
    with pytest.raises(OptionError, match="a column of floats is not exact"):
        evaluator({"gamma_w": np.array([1.5])})
    with pytest.raises(OptionError, match=r"columns of \[1, 2\] values, expected one length"):
        evaluator({"gamma_w": np.array([1]), "frames": np.array([1, 2])})


def test_wider_ranges_are_taken_in_as_they_come():
    evaluator = Evaluator(Network.of("x3d", "M"), METRICS)
    for seed, denominator in ((1, 10), (2, 100), (3, 30)):
        agrees(evaluator, designs(50, seed, denominator), range(0, 50, 10))


PATHWAYS = from_text(
    "name: pathways\ninput: {channels: 2, time: frames, height: 4, width: 4}\n"
    "sizes: {frames: 8, depth: 2, width: 3}\n"
    "blocks: {residual: {layers: [{add: {main: [{conv: {channels: width, kernel: [3, 1, 1]}}], x: []}}]}}\n"
    "network:\n"
    "  - conv: {channels: width}\n"
    "  - concat:\n"
    "      slow: [subsample: {stride: [4, 1, 1]}, conv: {channels: 2, kernel: [3, 1, 1]}, global_pool: {}]\n"
    "      fast: [residual: {repeat: depth}, global_pool: {}]\n"
    "  - linear: {channels: 100}\n"
)


def totals_of(metrics, network, columns):
    """What a sweep and the formulas give beside what the integer analysis gives, wherever they differ."""
    evaluator = Evaluator(network, metrics)
    found = evaluator({name: Column.of(values) for name, values in columns.items()})
    whole = {name: is_whole(evaluator.build, name, evaluator.settings[name]) for name in columns}
    closed = formulas(evaluator.build, whole, metrics, taken=evaluator.names, tidy=False)
    for row in range(len(found["valid"])):
        point = {name: values[row] for name, values in columns.items()}
        exact = evaluator.exact(point)
        assert found["valid"][row] == (exact is not None), point
        if exact is not None:
            rounded = {name: float(v) if isinstance(v, Fraction) else v for name, v in exact.items()}
            assert {name: found[name][row] for name in metrics} == rounded, point
            if describes(closed, point):
                assert value_at(closed, point) == exact, point


def random_columns(network, count, seed):
    """Values around a spec's own for all its sizes, some of them too small to make a network."""
    evaluator, draw = Evaluator(network, ("params",)), np.random.default_rng(seed)
    deciding = evaluator.structure(tuple(evaluator.settings))
    free = {name: each for name, each in evaluator.settings.items() if each and name not in deciding}
    return {
        name: [
            int(draw.integers(0, 2 * each + 1))
            if isinstance(each, int)
            else each * int(draw.integers(1, 9)) / 4
            for _ in range(count)
        ]
        for name, each in free.items()
    }


REACH = ("receptive_field", "padding", "delay", "lookahead")  # what a clip network sees


def swept(network, *others):
    """The totals that are sums of products and apply: those that a sweep takes."""
    figures = Figures(network.graph())
    left_out = (*OF_ORDER, "entropy", "operations_per_byte", *others)
    return tuple(
        name for name in TOTALS if name not in left_out and evaluate(figures, name) not in (None, inf)
    )


FORMS = [
    [],
    [Continual()],
    [Continual(state="window", excite="clip", pool=24)],
    [Causal()],
    [Causal(), Continual(), Fold()],
]


@pytest.mark.parametrize("transforms", FORMS)
def test_every_total_of_sweeps_and_formulas_is_the_integer_analysis_s(transforms):
    network = Network(PATHWAYS, transforms=tuple(transforms))
    totals_of(swept(network), network, random_columns(network, 12, 1))


KERNELS = from_text(
    "name: kernels\ninput: {channels: 2, time: 12, height: 4, width: 4}\nsizes: {k: 3, width: 3}\nnetwork:\n"
    "  - conv: {channels: width, kernel: [k, 1, 1]}\n"
    "  - add: {main: [conv: {channels: width, kernel: [2 * k - 1, 3, 3], dilation: [2, 1, 1]}], skip: []}\n"
    "  - max_pool: {kernel: [k, 1, 1], stride: [2, 1, 1], padding: [2, 0, 0]}\n"
    "  - conv: {channels: 2, kernel: [k, 1, 1], stride: [3, 1, 1]}\n"
    "  - conv: {channels: width, kernel: [k, 1, 1], padding: [(k - 1) // 2, 0, 0]}\n"
    "  - global_pool\n  - linear: {channels: 5}\n"
)


def others_of(network):
    """What has no closed form: of a clip the frames that dilated taps under a stride see."""
    return () if network.graph().is_stream else REACH


# A clip is cut at both its ends: its formulas are the longest, and take a minute
@pytest.mark.parametrize("transforms", [pytest.param(FORMS[0], marks=pytest.mark.slow), *FORMS[1:]])
def test_a_kernel_in_time_may_be_a_size(transforms):
    network = Network(KERNELS, transforms=tuple(transforms))
    columns = {"k": [1, 2, 3, 4, 5, 9, 30, 0], "width": [3, 1, 2, 4, 3, 2, 1, 1]}
    assert not Evaluator(network, ("params",)).structure(tuple(columns))
    totals_of(swept(network, *others_of(network)), network, columns)


@pytest.mark.parametrize("transforms", FORMS)
def test_a_kernel_in_time_may_be_an_array(transforms):
    network = Network(KERNELS, transforms=tuple(transforms))
    kernels = np.array([3, 4, 5, 9])
    together = Figures(network.with_sizes({"k": kernels}).graph())
    for row, kernel in enumerate(kernels.tolist()):
        alone = Figures(network.with_sizes({"k": kernel}).graph())
        for name in swept(network, *others_of(network)):
            found = Ratios.of(evaluate(together, name)) * np.ones(len(kernels), dtype=int)
            parts = (np.broadcast_to(each, 4)[row] for each in (found.numerator, found.denominator))
            assert Fraction(*map(int, parts)) == evaluate(alone, name), (kernel, name)


def test_what_has_no_formula_is_worked_out_for_each_number_of_frames():
    text = (
        "name: wide\ninput: {channels: 1, time: frames, height: 2, width: 2}\nsizes: {frames: 8}\nnetwork:\n"
        "  - conv: {channels: 1, kernel: [4, 1, 1], dilation: [3, 1, 1]}\n"
    )
    network, frames = Network(from_text(text)), list(range(4, 13))
    evaluator = Evaluator(network, REACH)
    assert evaluator.structure(("frames",)) == {"frames"}
    assert "no closed form" in evaluator.reasons["frames"]
    found = evaluator({"frames": frames})
    for name in REACH:
        assert found[name].tolist() == [
            evaluate(Figures(network.with_sizes({"frames": each}).graph()), name) for each in frames
        ]


SHIFTED = from_text(
    "name: shifted\ninput: {channels: 8, time: 8, height: 4, width: 4}\nsizes: {a: 4, b: 6, f: 2}\nnetwork:\n"
    "  - conv: {channels: a, kernel: [3, 1, 1]}\n"
    "  - concat:\n"
    "      old: [conv: {channels: b}, shift: {frames: f}, conv: {channels: 6}]\n"
    "      main: [conv: {channels: 3, kernel: [3, 1, 1]}]\n"
    "  - global_pool\n"
)


def test_where_a_wait_stands_or_what_a_shift_reads_depends_on_sizes_each_design_is_worked_out_by_itself():
    network = Network(SHIFTED, transforms=(Continual(),))
    evaluator = Evaluator(network, swept(network))
    columns = {"a": [1, 9, 9, 5, 4], "b": [9, 1, 9, 5, 4], "f": [1, 2, 3, 0, 4]}
    agrees(evaluator, {name: Column.of(each) for name, each in columns.items()}, range(5))
    assert evaluator.structure(("a", "b", "f")) == {"a", "b", "f"}
    assert evaluator.reasons["a"].startswith("concat: on which edge its branch waits")


def test_a_size_that_a_transform_adds_is_a_column_like_any_other():
    network = Network(PATHWAYS, transforms=(Continual(pool=8),))
    totals_of(swept(network), network, {"pool": [4, 8, 9, 40], "frames": [8, 12, 4, 16]})


def test_where_a_transform_takes_no_arrays_each_design_is_worked_out_by_itself():
    network = Network(PATHWAYS, transforms=(Continual(state="smallest"),))
    agrees(Evaluator(network, ("state_floats",)), {"width": Column(np.array([2, 5]))}, range(2))


@pytest.mark.slow
@pytest.mark.parametrize("transforms", FORMS)
@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_every_total_of_every_family_is_the_integer_analysis_s(name, transforms):
    network = Network.of(name, transforms=transforms)
    try:
        network.graph()
    except TransformError as error:
        pytest.skip(f"no such network: {error}")
    totals_of(swept(network), network, random_columns(network, 12, 1))
