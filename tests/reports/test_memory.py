import pytest

from costmodel import Graph, Node, TensorType, analyze, continual, load
from costmodel.graph import INPUT
from costmodel.ops import Conv
from costmodel.transforms.continual import Continual
from reports.memory import MemoryReport


def report(variant: str = "M", *, stream: bool = True, **options: object) -> MemoryReport:
    return MemoryReport(load("x3d", variant=variant), Continual(**options), stream)


def test_state_by_layer_adds_up_to_the_total():
    made = report()
    assert made.layers["floats"].sum() == 5_279_664
    assert made.layers["share"].sum() == pytest.approx(1)
    assert len(made.layers) == 1 + 26 + 26 + 1


@pytest.mark.parametrize(
    "options", [{}, {"state": "window"}, {"state": "smallest"}, {"pool": 64}, {"excite": "clip"}]
)
@pytest.mark.parametrize("stream", [True, False])
def test_every_formula_gives_its_floats(options: dict, stream: bool):
    layers = report("S", stream=stream, **options).layers
    for formula, floats in zip(layers["formula"], layers["floats"], strict=True):
        assert eval(formula.replace("x", "*")) == floats


def test_a_row_names_its_stage_its_formula_and_its_equation():
    rows = report().layers.set_index("layer")
    assert tuple(rows.loc["conv1_t"])[:5] == (
        "conv1_t",
        "step conv",
        "(5 - 1) x 24 x 112 x 112",
        "eq. 5",
        1_204_224,
    )
    assert tuple(rows.loc["pool5"])[2:5] == ("(16 - 1) x 432", "eq. 9, with its channels", 6_480)
    assert rows.loc["res2.0.add.delay2", "formula"] == "1 x 24 x 112 x 112"


def test_strided_and_dilated_steps_have_formulas_that_give_their_floats():
    from math import ceil

    half = Conv(channels=5, kernel=(4, 1, 1), stride=(2, 1, 1), padding=(0, 0, 0))
    wide = Conv(channels=2, kernel=(3, 1, 1), dilation=(3, 1, 1), padding=(3, 0, 0))
    clip = Graph(
        "two", TensorType(3, 32, 2, 2), (Node("half", half, (INPUT,)), Node("wide", wide, ("half",)))
    )
    layers = MemoryReport(clip, Continual(), is_stream=True).layers
    assert list(layers["formula"]) == ["ceil((4 - 1) / 2) x 5 x 2 x 2", "3 x (3 - 1) x 2 x 2 x 2"]
    for formula, floats in zip(layers["formula"], layers["floats"], strict=True):
        assert eval(formula.replace(" x ", " * "), {"ceil": ceil}) == floats


def test_the_map_rows_of_a_clip_stand_behind_its_buffer():
    layers = report(stream=False).layers
    assert tuple(layers.loc[0])[:6] == (
        INPUT,
        INPUT,
        "clip buffer",
        "(16 - 1) x 3 x 224 x 224",
        "eq. 2",
        2_257_920,
    )
    assert layers["floats"][1:].max() == 10_838_016


def test_totals_agree_with_analyze():
    made = report(state="smallest")
    totals = analyze(continual(load("x3d", variant="M"), state="smallest")).totals
    shown = made.totals.set_index("figure")
    assert shown.loc["state", "floats"] == totals["state_floats"] == 4_988_016
    assert shown.loc["worst case", "floats"] == totals["worst_case_floats"]
    assert shown.loc["live maps at best", "floats"] == totals["peak_activation_floats"]
    assert shown.loc["live maps at best", "note"] == "peak at res2.0.main.a_bn; no order has a smaller peak"
    assert (shown["bytes"] == 4 * shown["floats"]).all()


def test_frame_by_frame_needs_less_from_clips_of_eight_frames():
    made = report()
    worst = made.clips.set_index("frames")[["clip_worst_case", "frame_worst_case"]]
    assert list(worst.loc[4]) == [3_161_088, 5_951_856]
    assert list(worst.loc[16]) == [13_095_936, 5_957_040]
    assert list(worst.loc[64]) == [52_835_328, 5_977_776]
    assert made.needs_less_from == 8
    assert [made._needs_less(frames) for frames in (7, 8, 9)] == [False, True, True]


def test_traffic_by_layer_adds_up_to_the_metric():
    made = report()
    by_mode = made.traffic.groupby("mode")["bytes"].sum()
    assert by_mode["clip"] == analyze(made.clip).totals["traffic_bytes"]
    assert by_mode["frame"] == analyze(made.stream).totals["traffic_bytes"]


def test_the_schedule_marks_the_layer_of_the_peak():
    schedule = report().schedule
    assert list(schedule[schedule["is_peak"]]["layer"]) == ["res2.0.main.a_bn"]
    assert schedule["live_maps"].max() == 1_430_016
