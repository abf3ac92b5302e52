"""`compare` on the command line: lines, drawings, forms, messages."""

import json
from pathlib import Path

import pytest

import cli


def test_networks_stand_side_by_side_with_ratios(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["compare", "digits", "digits --continual --state window", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], [each["spec"] for each in found["network"]]) == ("compare", ["digits"] * 2)
    first, second = found["networks"]
    assert second["network"] == "digits --continual --state window"
    assert first["ratios"]["params"] == second["ratios"]["params"] == 1
    assert second["state_bytes"] > first["state_bytes"] == 0


def test_a_drawing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "side.svg"
    assert cli.main(["compare", "digits", "x2d", "--y", "params", "--out", str(out)]) == 0
    assert "digits" in capsys.readouterr().out
    assert out.read_text().count("<g id=") > 5


def test_forms_are_told_with_their_options(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["compare", "digits", "--forms"]) == 0
    told = capsys.readouterr().out
    assert "dissected: --dissect\n" in told
    assert "as a start" in told
    assert cli.main(["compare", "resnet_2d", "--forms"]) == 0
    assert "dissected: refused, --dissect: resnet_2d R18 has no convolution" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x3d_m"], "compare: one network, expected two or more, or one with --forms"),
        (["x3d_m", "x3d_s", "--forms"], "--forms: is for one network, found 2"),
        (
            ["x3d_m", "--forms", "--y", "params"],
            "--forms: prints a table; leave out --x, --y, --out and --fps",
        ),
        (["x3d_m", "x3d_s", "--x", "params"], "--x: is drawn; say where with --out FILE"),
        (["digits", "x2d", "--out", "a.txt"], "--out a.txt: expected a drawing, one of .png, .svg, .pdf"),
        (["x3d_m", "x3d 'a"], '"x3d \'a": no closing quotation'),
        (
            ["x3d_m", "x3d", "--variant", "S"],
            "No such option: --variant; options of a network stand with it in quotes, such as "
            '"x3d --variant S --continual"',
        ),
        (
            ["x3d_m", "x3d --pol 64"],
            "'x3d --pol 64': No such option: --pol (Possible options: --fold, --head-pool, --pool)",
        ),
        ([], "Missing argument '\"SPEC [OPTIONS]\"'."),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"error: {message}\n")
