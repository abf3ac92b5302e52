"""`evaluate` of networks whose clips have their own numbers of frames."""

import json
from pathlib import Path

import pytest

import cli
from costmodel.emit import emit, randomise
from costmodel.emit.weights_format import write_weights
from costmodel.network import Network
from costmodel.transforms.sgs import Sgs
from costmodel.weights import About

DATA = ("--data", "digits:train=12,val=12", "--threads", 1)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = cli.main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return code, out or err


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    network = Network.of("digits", sets={"frames": 6, "crop": 16}, transforms=(Sgs("res1"),))
    running = emit(network.graph())
    randomise(running, 1)
    path = tmp_path / "w.safetensors"
    write_weights(path, running.state_dict(), About(network))
    return path


def test_clips_are_told_by_their_active_bins(weights: Path, tmp_path: Path, capsys):
    more = ("--at-bins", 2, "--out", tmp_path / "out", "--format", "json")
    code, out = run(capsys, "evaluate", weights, *DATA, *more)
    found = json.loads(out)
    assert code == 0
    assert sum(row["clips"] for row in found["histogram"]) == 12
    assert len(found["histogram"]) > 1
    mean = sum(row["active_bins"] * row["share"] for row in found["histogram"])
    assert found["active_bins"] == pytest.approx(mean)
    assert [row["bins"] for row in found["at_bins"]] == ["own", 2]
    assert found["at_bins"][1]["macs_per_view"] < found["macs_per_view"] < found["macs_per_view_of_all_bins"]
    assert len(found["classes_by_active_bins"]) == 12
    assert (tmp_path / "out" / "active_bins.svg").exists()
    # The file stands for the clips: `analyze` gives the same mean.
    distribution = ("--sgs", "res1", "--active-bins", tmp_path / "out" / "active_bins.json")
    _, out = run(capsys, "analyze", weights, *distribution, "--format", "json")
    assert json.loads(out)["totals"]["macs_per_clip"] == pytest.approx(found["macs_per_view"], abs=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--at-bins", "2,x"), "--at-bins: '2,x', expected numbers of bins such as 8,4,2"),
        (("--sgs", "res1", "--active-bins", 2, "--at-bins", "2"), "--at-bins: is for networks whose clips"),
    ],
)
def test_what_is_wrong_is_one_line(weights: Path, arguments: tuple[object, ...], message: str, capsys):
    code, out = run(capsys, "evaluate", weights, *DATA, *arguments)
    assert code == 2
    assert message in out


def test_a_files_own_sampler_takes_its_options_without_its_word(weights: Path, capsys):
    def macs(*options: object) -> int:
        code, out = run(capsys, "analyze", weights, *options, "--format", "json")
        assert code == 0, out
        return json.loads(out)["totals"]["macs_per_clip"]

    assert macs("--bins", 3) == macs("--sgs", "res1", "--bins", 3) < macs()
    assert macs("--bins", 4, "--active-bins", 2) == macs("--active-bins", 2) < macs("--bins", 3)
    code, err = run(capsys, "analyze", weights, "--kernel", "kronecker")
    assert (code, "--sgs res1 --kernel kronecker, the file has --sgs res1" in err) == (2, True)
    code, err = run(capsys, "analyze", weights, "--pool", 64)
    assert (code, err) == (2, "error: --pool: is for streams; add --continual\n")
