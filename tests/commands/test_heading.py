"""The heading of JSON: version, schema, command and network stand ahead of what a command prints."""

import json

import pytest

import cli
import costmodel


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert cli.main([*arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_network_is_told_with_its_sizes_and_transforms(capsys: pytest.CaptureFixture[str]):
    found = printed(capsys, "analyze", "x3d", "--variant", "S", "--set", "crop=64", "--dissect")
    assert list(found)[:4] == ["version", "schema", "command", "network"]
    assert (found["version"], found["schema"], found["command"]) == (costmodel.__version__, 1, "analyze")
    network = found["network"]
    assert isinstance(network, dict)
    assert (network["spec"], network["variant"], network["set"]) == ("x3d", "S", {"crop": 64})
    assert (network["every"], network["sizes"]["gamma_d"]) == (6, 2.2)
    assert network["transforms"] == [
        {"transform": "dissect", "stem_frames": 3, "skips": "concat", "state": "partial"}
    ]


def test_what_has_no_network_says_none_and_rows_stand_under_a_key(capsys: pytest.CaptureFixture[str]):
    found = printed(capsys, "list", "score")
    assert (found["command"], found["network"]) == ("list", None)
    assert {row["name"] for row in found["rows"]} == {"train", "synflow"}


def test_a_command_of_a_group_has_both_words():
    from commands.heading import heading, running

    with running("study list"):
        assert heading()["command"] == "study list"
    assert heading()["command"] is None
