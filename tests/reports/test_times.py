"""Times of networks in model frames, camera frames and seconds, at the camera's rate or the training's."""

import cli
from costmodel.analysis.cost import analyze
from costmodel.network import Network
from reports.times import brief, times


def test_a_time_is_told_in_three_units_and_unbounded_ones_are_not():
    stream = Network.of("digits", None, {"gamma_tau": 5}).continual()
    found = analyze(stream.graph())
    assert found.totals["delay"] == 7
    assert brief(found, "delay") == "7 / 35 / 1.167"
    assert brief(analyze(stream.graph(), fps=10), "delay") == "7 / 14 / 1.4"
    table = times([("clip", analyze(stream.clip())), ("stream", found)], "form")
    assert [row["warm-up"] for row in table.rows] == [None, "14 / 70 / 2.333"]
    assert table.rows[1]["fps"] == 30


def test_commands_tell_times_in_three_units(capsys):
    lines = {
        ("explain", "digits", "res1.0.add", "--continual", "--fps", "15"): "delay so far",
        ("compare", "digits --continual", "digits --causal --continual"): "digits --continual",
        ("diff", "digits --continual", "digits --causal --continual"): "delay",
        ("diagnose", "digits"): "lookahead",
    }
    wanted = (
        "(18 camera frames, 1.2 s at 15 fps)",
        "7 / 84 / 2.8",
        "7 / 84 / 2.8",
        "7 (84 camera frames, 2.8",
    )
    for (command, start), text in zip(lines.items(), wanted, strict=True):
        cli.main([*command])
        found = [line for line in capsys.readouterr().out.split("\n") if line.strip().startswith(start)]
        assert any(text in line for line in found), (command, found)
