"""`diff` on the command line: exit codes, what it tells, and as what."""

import json

import pytest

import cli


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.main(["diff", *arguments])
    return code, capsys.readouterr().out


def test_one_network_under_two_names_is_no_difference(capsys: pytest.CaptureFixture[str]):
    assert told(capsys, "x3d_s", "x3d --variant S") == (0, "no difference\n")
    code, out = told(capsys, "digits --causal", "digits --causal", "--format", "json")
    assert (code, json.loads(out)["same"]) == (0, True)


def test_figures_and_layers_that_changed_are_told(capsys: pytest.CaptureFixture[str]):
    code, out = told(capsys, "digits", "digits --set classes=20", "--format", "json")
    found = json.loads(out)
    assert (code, found["same"], [each["set"] for each in found["network"]]) == (
        1,
        False,
        [{}, {"classes": 20}],
    )
    (params,) = (row for row in found["figures"] if row["figure"] == "params")
    (layer,) = found["layers"]
    assert (layer["change"], layer["op"], layer["what"]) == ("changed", "linear", "channels 12 -> 20")
    assert layer["params_after"] - layer["params_before"] == params["difference"]
    assert sum(row["figure"] == "depth" for row in found["figures"]) == 0


def test_markdown_and_text_hold_both_tables(capsys: pytest.CaptureFixture[str]):
    for format in ("table", "md", "csv"):
        code, out = told(capsys, "digits", "digits --set classes=20", "--format", format)
        assert code == 1
        assert "channels 12 -> 20" in out
    last = told(capsys, "x2d", "x2d --set frames=4")[1].splitlines()[-1]
    assert last.startswith("layers: 0 added (+), 0 removed (-), 0 changed (~); ")
    assert last.endswith("; 172 have other maps or figures; --layers lists all")


def test_all_layers_are_listed_where_asked_for(capsys: pytest.CaptureFixture[str]):
    _, out = told(capsys, "x2d", "x2d --set frames=4", "--layers")
    assert "24x1x56x56 -> 24x4x56x56" in out
    assert "--layers" not in out


def test_a_stream_beside_its_clip_has_steps_and_delays(capsys: pytest.CaptureFixture[str]):
    _, out = told(capsys, "c3d", "c3d --causal --continual", "--format", "json")
    found = json.loads(out)["layers"]
    changed = [row["what"] for row in found if row["change"] == "changed"]
    assert any(what.startswith("conv -> step conv; ") for what in changed)
    assert not [row for row in found if row["change"] == "removed"]


@pytest.mark.parametrize(("count", "lines"), [(1, ["digits"]), (3, ["digits"] * 3)])
def test_it_takes_two_networks(count: int, lines: list[str], capsys: pytest.CaptureFixture[str]):
    assert cli.main(["diff", *lines]) == 2
    assert capsys.readouterr().err == f"error: diff: {count} networks, expected two\n"
