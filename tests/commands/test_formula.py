"""`formula` prints closed forms that programs and people can read."""

import json

import pytest

import cli


def run(capsys, *arguments):
    code = cli.main(["formula", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_text_lists_definitions_before_totals(capsys):
    code, out, _ = run(capsys, "x3d_m", "--free", "crop", "--metrics", "macs_per_clip")
    assert code == 0
    assert out.index("h1 = floor(crop/2 - 1/2) + 1") < out.index("macs_per_clip = ")


def test_json_holds_text_and_latex_of_every_total(capsys):
    code, out, _ = run(capsys, "x3d_m", "--free", "frames", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert found["totals"]["macs_per_clip"]["text"] == "295662864*frames + 1862912"
    assert found["totals"]["transient"] is None
    assert "peak_activation_floats" not in found["totals"]
    assert found["free"] == {"frames": "integer"}


def test_a_let_name_may_be_free(capsys):
    depths = "d2,d3,d4,d5,frames"
    _, out, _ = run(capsys, "x3d", "--continual", "--free", depths, "--metrics", "receptive_field")
    assert "receptive_field = 2*d2 + 2*d3 + 2*d4 + 2*d5 + frames + 4\n" in out


def test_latex_is_one_aligned_block(capsys):
    _, out, _ = run(capsys, "x3d_m", "--free", "frames", "--metrics", "macs_per_clip", "--format", "latex")
    first, environment, formula, *_ = out.splitlines()
    assert (first, environment) == ("% \\usepackage{amsmath}", "\\begin{align*}")
    assert formula.startswith("\\mathrm{macs\\_per\\_clip} &= 295662864 frames")
    assert out.endswith("\\end{align*}\n")


def test_sensitivity_adds_a_table(capsys):
    _, out, _ = run(capsys, "x3d_m", "--free", "frames", "--metrics", "params", "--sensitivity")
    assert "percent per percent" in out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--free", "frame"], "error: --free: x3d_m has no size 'frame' (did you mean 'frames'?)\n"),
        (["--free", "squeeze_excite"], "error: --free: squeeze_excite decides which layers exist"),
        (["--free", ","], "error: --free: no name, expected some such as frames,crop\n"),
        (["--free", "crop", "--metrics", "mac"], "error: --metrics: unknown metric 'mac'"),
    ],
)
def test_mistakes_are_one_clear_line(capsys, options, problem):
    code, out, err = run(capsys, "x3d_m", *options)
    assert (code, out) == (2, "")
    assert err.startswith(problem)
    assert err.count("\n") == 1


def test_a_size_that_must_be_a_number_is_refused_with_the_layer_that_says_why(capsys, tmp_path):
    spec = tmp_path / "paced.yaml"
    spec.write_text(
        "input: {channels: 2, time: 8, height: 4, width: 4}\nsizes: {s: 2}\n"
        "network: [{conv: {channels: 3, stride: [s, 1, 1]}}]\n"
    )
    code, out, err = run(capsys, str(spec), "--free", "s")
    assert (code, out) == (2, "")
    assert err == (
        f"error: --free: s must be a number: {spec}:3: network[0].conv.stride: the first value is in time "
        "and decides the structure: it must be a number; set it with --set\n"
    )
