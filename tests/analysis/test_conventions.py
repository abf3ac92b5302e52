"""What other tools print for X3D, what Co3D printed, and how the way a layer is written changes a count."""

from dataclasses import replace

import pytest

from costmodel import analyze, continual, load
from costmodel.analysis.convention import count_per_clip
from costmodel.analysis.conventions import CONVENTIONS, convention_named
from costmodel.analysis.figures import Figures
from costmodel.analysis.kinds import KINDS, STANDS_FOR
from costmodel.errors import OptionError
from costmodel.graph import Graph, Node
from costmodel.ops import Relu
from costmodel.spec import elaborate, from_text
from costmodel.types import TensorType, Work

# What each tool prints for pytorchvideo's X3D-M on one clip of 3x16x224x224, run on that network.
PRINTED = {
    "torch": 9_464_937_472,
    "fvcore": 4_896_243_200,
    "ptflops": 5_024_051_416,
    "ptflops-aten": 4_732_472_856,
    "thop": 5_060_020_095,
    "torchinfo": 4_732_504_272,
}
# Of that, what comes from the softmax and the output pool that only pytorchvideo's network ends with.
HEAD = {"ptflops": 400 + 2 * 400, "thop": 3 * 400 - 1 + 400 + 400}


def small(layers: str, channels: int = 8) -> Graph:
    """A network of a few layers on clips of 4 frames of 8x8."""
    source = f"input: {{channels: {channels}, time: 4, height: 8, width: 8}}"
    return elaborate(from_text(f"name: small\n{source}\nnetwork:\n{layers}"))


def count(graph: Graph, convention: str) -> int:
    return analyze(graph, convention=convention).totals["count_per_frame"]


@pytest.mark.parametrize(("tool", "printed"), PRINTED.items())
def test_pytorchvideos_x3d_m_counts_what_the_tool_prints(tool: str, printed: int):
    assert count(load("x3d", variant="M-pytorchvideo"), tool) == printed


@pytest.mark.parametrize(("tool", "printed"), PRINTED.items())
def test_x3d_m_counts_the_same_but_for_pytorchvideos_own_head(tool: str, printed: int):
    assert count(load("x3d_m", norm_same_width=False), tool) == printed - HEAD.get(tool, 0)


@pytest.mark.parametrize(("tool", "per_value"), [("fvcore", 2), ("ptflops", 2), ("thop", 4), ("torch", 0)])
def test_the_norm_on_the_shortcut_of_res2_counts_by_its_values(tool: str, per_value: int):
    with_norm, without = load("x3d_m"), load("x3d_m", norm_same_width=False)
    assert count(with_norm, tool) - count(without, tool) == per_value * 24 * 16 * 56 * 56


def test_macs_never_change():
    plain = analyze(load("x3d_m")).totals
    for name in CONVENTIONS:
        totals = analyze(load("x3d_m"), convention=name).totals
        assert {key: totals[key] for key in plain} == plain
    assert totals.keys() - plain.keys() == {"convention", "count_per_clip", "count_per_frame", "count_unit"}


def test_the_convention_mac_is_the_macs():
    stream = continual(load("x3d_s"))
    totals = analyze(stream, convention="mac").totals
    assert totals["count_per_clip"] == totals["macs_per_clip"] == 1_962_892_112
    assert totals["count_per_frame"] == totals["macs_per_frame"] == 152_711_312


@pytest.mark.parametrize("name", CONVENTIONS)
def test_layers_sum_to_the_total(name: str):
    for graph in (load("x3d_s"), continual(load("x3d_s"), pool=64)):
        analysis = analyze(graph, convention=name)
        assert sum(row["count"] for row in analysis.rows) == analysis.totals["count_per_frame"]


@pytest.mark.parametrize(
    ("variant", "clip", "step"),
    [
        ("S", 2_061_365_744, 166_565_305),
        ("M", 4_970_008_352, 325_456_057),
        ("L", 19_166_052_038, 1_245_549_427),
    ],
)
def test_co3d_counts_exactly_what_the_authors_code_gives(variant: str, clip: int, step: int):
    totals = analyze(continual(load("x3d", variant=variant)), convention="co3d").totals
    assert (totals["count_per_clip"], totals["count_per_frame"]) == (clip, step)


def test_a_step_of_a_strided_layer_counts_as_a_mean_over_frames():
    graph = small("  - conv: {channels: 4, kernel: [3, 1, 1], stride: [2, 1, 1]}\n  - global_pool")
    stream = continual(graph, pool=4)
    assert analyze(stream, convention="torch").totals["count_per_frame"] == 2 * (8 * 4 * 3 * 64) // 2


@pytest.mark.parametrize(("written", "counted"), [("module", 2 * 2048), ("function", 2048), ("operator", 0)])
def test_ptflops_sees_how_a_relu_is_written(written: str, counted: int):
    assert count(small(f"  - relu: {{written: {written}}}"), "ptflops") == counted


def test_a_layer_written_as_a_function_is_nothing_to_tools_that_see_modules():
    function = small("  - conv: {channels: 8, kernel: 3, bias: true, written: function}")
    module = small("  - conv: {channels: 8, kernel: 3, bias: true}")
    assert [count(function, tool) for tool in ("thop", "torchinfo", "ptflops")] == [0, 0, 0]
    assert [count(module, tool) for tool in ("thop", "torchinfo", "ptflops")] == [442_368, 444_416, 444_416]
    assert [count(function, tool) for tool in ("mac", "fvcore", "ptflops-aten")] == [
        442_368,
        442_368,
        444_416,
    ]


def test_a_way_of_writing_that_is_not_known_is_named():
    with pytest.raises(Exception, match="the text 'inline', expected module, function, operator"):
        small("  - relu: {written: inline}")


def test_an_unknown_convention_names_the_known_ones():
    with pytest.raises(OptionError) as error:
        analyze(load("x3d_m"), convention="flops")
    known = "mac, torch, fvcore, ptflops, ptflops-aten, thop, torchinfo, co3d, efficient3d, d3d, atfr"
    assert str(error.value) == f"--convention: unknown 'flops', expected one of {known}"


@pytest.mark.parametrize(
    ("kernel", "counted"),
    [("3", (3 - 1) * 2048), ("[3, 3, 3]", (27 - 1) * 2048), ("[1, 3, 3]", (9 - 1) * 2048)],
)
def test_efficient3d_reads_a_pools_kernel_given_as_one_number_as_that_number(kernel: str, counted: int):
    assert count(small(f"  - max_pool: {{kernel: {kernel}}}"), "efficient3d") == counted


def test_efficient3d_counts_additions_of_linear_layers_and_d3d_does_not():
    graph = small("  - global_pool: {written: function}\n  - linear: {channels: 5}")
    assert (count(graph, "efficient3d"), count(graph, "d3d")) == ((2 * 8 - 1) * 5, 8 * 5)


def test_atfr_counts_no_batch_norm():
    graph = small("  - conv: {channels: 8, kernel: 3}\n  - bn\n  - relu")
    assert count(graph, "atfr") == count(graph, "mac")


class Mystery(Relu):
    def work(self, x: TensorType) -> Work:
        return {"activation.mystery": x.values}


def test_work_of_an_unknown_kind_is_an_error_never_nothing():
    graph = Graph("odd", TensorType(1, 1, 1, 1), (Node("odd", Mystery(), ("input",)),))
    for name, convention in CONVENTIONS.items():
        message = f"odd: convention {name} neither counts nor leaves out activation.mystery"
        with pytest.raises(OptionError, match=f"^{message}$"):
            convention.layer(Figures(graph), graph.nodes[0])


def test_every_convention_names_every_kind_in_one_place():
    for each in CONVENTIONS.values():
        assert KINDS.keys() - STANDS_FOR.keys() <= each.named | set(each.without_rule)
        assert not each.named & set(each.without_rule)
        assert len(each.left_out) == len(set(each.left_out))
        counted = set().union(*(table or () for table in (each.module, each.function, each.operator)))
        assert not counted & set(each.left_out)


def test_a_kind_taken_from_a_list_is_an_error_again():
    mac = convention_named("mac")
    graph = small("  - relu")
    forgetful = replace(mac, left_out=tuple(kind for kind in mac.left_out if kind != "activation.relu"))
    assert mac.layer(Figures(graph), graph.nodes[0]) == 0
    with pytest.raises(OptionError, match=r"^relu: convention mac neither counts nor leaves out activation"):
        forgetful.layer(Figures(graph), graph.nodes[0])


def test_tables_count_only_known_kinds():
    for each in CONVENTIONS.values():
        for table in (each.module, each.function, each.operator, each.step):
            assert set(table or ()) <= KINDS.keys()


def test_counts_are_formulas_where_sizes_are_symbols():
    import sympy

    from costmodel.spec import document

    frames = sympy.Symbol("frames", integer=True, positive=True)
    graph = elaborate(document("x3d"), "M", {"frames": frames})
    figures = Figures(graph)
    for name, convention in CONVENTIONS.items():
        formula = count_per_clip(figures, convention)
        assert formula.subs(frames, 13) == count(load("x3d_m", frames=13), name)
