"""`solve` as a command: forms, several specs, limits in time, and nothing that fits."""

import json

import pytest

from commands.run import run as command

TINY = (
    "--over",
    "frames=4,8",
    "--over",
    "crop=32",
    "--over",
    "gamma_w=0.5,1",
    "--over",
    "gamma_d=0.6,1",
    "--over",
    "gamma_b=1",
)


@pytest.fixture
def solve(capsys: pytest.CaptureFixture[str]):
    def solved(*arguments: str) -> tuple[int, str, str]:
        code = command(["solve", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return solved


def test_the_best_form_on_a_stream_sees_no_frame_to_come(solve):
    limits = (
        "--limit",
        "lookahead<=100ms",
        "--limit",
        "activation_bytes<=1MiB",
        "--limit",
        "state_bytes<=8MiB",
    )
    code, out, _ = solve(
        "x3d", "--over", "form", "--fps", "30", "--maximize", "entropy", *limits, *TINY, "--format", "json"
    )
    (found,) = json.loads(out)["found"]
    assert code == 0
    assert found["form"] in ("causal", "dissect")
    assert found["lookahead_seconds"] == 0


def test_several_specs_have_one_front(solve):
    specs = ("x3d", "mobilenet_v2_3d", "d_resnet")
    over = ("--over", "frames=8", "--over", "crop=64", "--over", "gamma_w=1", "--over", "width=1")
    code, out, _ = solve(*specs, *over, "--pareto", "macs_per_clip,+depth", "--format", "json")
    found = json.loads(out)["found"]
    points = [(each["macs_per_clip"], each["depth"]) for each in found]
    assert code == 0
    assert len({each["spec"] for each in found}) > 1
    assert not any(one != two and one[0] <= two[0] and one[1] <= two[1] for one in points for two in points)


def test_where_nothing_fits_the_answer_is_no(solve):
    code, out, err = solve(
        "x3d", "--continual", "--maximize", "entropy", "--limit", "delay<=3", *TINY, "--format", "json"
    )
    assert code == 1
    assert json.loads(out)["found"] == []
    assert json.loads(out)["nearest"][0]["needs"] == [13]
    assert "nothing fits\n  nearest: delay<=3frames would have to be 13 frames" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--limit", "lookahead<=100ms"), "needs the rate of the camera; add --fps, such as --fps 30"),
        (("--limit", "transient<=3"), "transient: transient does not apply to this network; add --continual"),
        (("--limit", "training_bytes<=1GiB"), "training_bytes needs the clips of a step; add --train"),
        (("--over", "crops=3"), "--over crops: x3d has no such size (did you mean 'crop'?)"),
        (("--over", "crop=16"), "--over crop: 16, outside the bounds of axes.X-Spatial, 32 to 640"),
        (("--over", "form=causl"), "--over form: unknown form 'causl' (did you mean 'causal'?)"),
    ],
)
def test_a_wrong_question_is_one_line(solve, arguments: tuple[str, ...], message: str):
    given = () if "crop=16" in arguments else TINY
    code, out, err = solve("x3d", "--maximize", "entropy", *given, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_front_tells_times_in_three_units_and_no_size_that_none_has(solve):
    aims = ("--continual", "--pareto", "macs_per_frame,-delay", "--limit", "macs_per_frame<=100M")
    code, out, _ = solve("digits", "d_resnet", *aims, "--over", "crop=64", "--over", "frames=4,8")
    title, headings, _, first, *_ = out.split("\n")
    assert (code, title) == (0, "8 found; delay: model frames / camera frames / seconds")
    # d_resnet has this size, and none of the front is one
    assert "channels" not in headings
    assert first.endswith("246,896  12 / 144 / 4.8")
