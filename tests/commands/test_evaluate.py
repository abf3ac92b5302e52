"""`evaluate` after `train`: on clips and frame by frame, and what is wrong in one line."""

import json
from pathlib import Path

import pytest
import torch
from tiny_network import SPEC

import cli


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_commands_train_and_evaluate(tmp_path: Path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC.replace("classes: 12", "classes: 99"))
    common = ("--data", "digits:train=24,val=24", "--threads", torch.get_num_threads(), "--format", "json")
    code, out, err = command(
        capsys, "train", spec, *common, "--recipe", "digits", "--epochs", 1, "--out", tmp_path / "run"
    )
    assert code == 0
    assert json.loads(out)["epochs"] == 1
    assert "epoch 1/1: loss" in err
    weights = ("--weights", tmp_path / "run" / "weights.safetensors")
    more = ("--views", "2x1", "--per-class", "--confusion")
    code, out, _ = command(capsys, "evaluate", spec, *weights, *common, *more)
    row = json.loads(out)
    assert (code, row["views"]) == (0, 2)
    assert row["accuracy"] == pytest.approx(sum(each["recall"] for each in row["classes"]) / 12)
    assert sum(each["videos"] for each in row["confusion"]) == round(24 * (1 - row["accuracy"]))
    csv = (*common[:-1], "csv")
    code, out, _ = command(capsys, "evaluate", spec, *weights, *csv, "--per-class")
    assert (code, out.splitlines()[0].split(",")[0], len(out.splitlines())) == (0, "class", 13)
    code, out, err = command(capsys, "evaluate", spec, *weights, *csv, "--per-class", "--confusion")
    assert (code, out) == (2, "")
    assert "--format csv has one table" in err
    options = ("--stepwise", "--pool", 6, "--init", "zeros", "--out", tmp_path / "plots")
    code, out, _ = command(capsys, "evaluate", spec, *weights, *common, *options)
    result = json.loads(out)
    assert code == 0
    assert (result["delay"], result["warmup"]) == (7, 9)
    assert [row["pool"] for row in result["pools"]] == [4, 6]
    assert list(result["transient"][0]) == ["frames", "zeros", "zeros_error", "looped"]
    assert (tmp_path / "plots" / "transient.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("evaluate", "digits", "--weights", "no.pt", "--data", "digits:val=4"),
            "no.pt: there is no such file",
        ),
        (
            ("train", "digits", "--data", "nowhere"),
            "--data nowhere: neither a folder nor a known data set; expected a path, or `digits`",
        ),
        (
            ("train", "digits", "--data", "digits", "--recipe", "x"),
            "--recipe: unknown 'x' (known: atfr, d3d, d3d_rnn, digits, efficient3d, "
            "efficient3d_finetune, x3d)",
        ),
    ],
)
def test_wrong_input_is_one_line_and_code_2(arguments: tuple[str, ...], message: str, capsys):
    code, out, err = command(capsys, *arguments)
    assert (code, out, err.splitlines()[-1]) == (2, "", f"error: {message}")


def test_the_videos_that_were_held_out_are_those_of_the_training_unless_told(tmp_path: Path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC)
    trained = ("train", spec, "--data", "digits:train=24,val=48", "--epochs", 1, "--seed", 3)
    code, out, _ = command(capsys, *trained, "--out", tmp_path, "--format", "json")
    assert code == 0
    weights = tmp_path / "weights.safetensors"
    code, found, err = command(capsys, "evaluate", weights, "--format", "json")
    assert code == 0
    assert "note: --seed 3, by which the videos were drawn that the weights learned from" in err
    assert json.loads(found)["accuracy"] == pytest.approx(json.loads(out)["accuracy"])
    _, _, err = command(capsys, "evaluate", weights, "--seed", 0, "--format", "json")
    assert "--seed" not in err


def test_weights_that_do_not_know_their_data_need_some(tmp_path: Path, capsys):
    spec = tmp_path / "tiny.yaml"
    spec.write_text(SPEC)
    torch.save({}, tmp_path / "bare.pt")
    code, _, err = command(capsys, "evaluate", spec, "--weights", tmp_path / "bare.pt")
    assert (code, err) == (2, "error: --data: is missing; the weights do not say what they learned from\n")
