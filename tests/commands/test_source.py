"""A file of weights stands where SPEC does; what contradicts it is named."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import cli
from commands.source import Source
from commands.transforms import transforms_of
from costmodel.emit import emit, randomise
from costmodel.emit.weights_format import write_weights
from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.transforms import Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from costmodel.transforms.sgs import Sgs
from costmodel.weights import About

SETS = {"frames": 4, "gamma_tau": 2, "crop": 16, "classes": 3}
CLASSES = ("a", "b", "c")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes random weights of `digits` as another network would be trained."""

    def written(*transforms: Transform, **sets: int) -> Path:
        network = Network.of("digits", sets={**SETS, **sets}, transforms=transforms)
        running = emit(network.graph())
        randomise(running, 1)
        path = tmp_path / "w.safetensors"
        write_weights(path, running.state_dict(), About(network, CLASSES))
        return path

    return written


def source(path: Path, *transforms: Transform, variant: str | None = None, **sets: int) -> Source:
    return Source.read(str(path), variant, sets, transforms)


def test_a_file_stands_for_its_network_with_what_is_asked_for_besides(write):
    path = write(Causal())
    found = source(path, Continual(pool=8), frames=4)
    assert (
        found.identity == Network.of("digits", sets=SETS, transforms=(Causal(), Continual(pool=8))).identity
    )
    assert (found.weights, found.is_of_file) == (path, True)
    assert found.flags == f"{path} --continual --pool 8"
    assert found.weights_note == ""


def test_another_network_of_its_spec_is_printed_as_one_of_the_spec(write):
    found = source(write()).with_sizes({"frames": 8})
    assert found.flags.startswith("digits --set ")
    assert Source.read("digits", None, found.sizes, ()).identity == found.identity


def test_options_that_are_not_given_are_the_files(write):
    assert source(write(Continual(pool=8)), Continual()).made_by(Continual) == Continual(pool=8)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"frames": 5, "crop": 24}, "frames=5, the file has frames=4; crop=24, the file has crop=16"),
        ({"transforms": (Continual(pool=4),)}, "--continual --pool 4, the file has --continual --pool 8"),
    ],
)
def test_what_contradicts_a_file_is_named(write, given, found):
    path = write(Continual(pool=8))
    transforms = given.pop("transforms", ())
    with pytest.raises(CostModelError) as error:
        source(path, *transforms, **given)
    assert str(error.value) == f"{path}: is of another network: {found}"


def test_a_variant_that_is_another_network_is_named(tmp_path: Path):
    network = Network.of("x3d", "XS")
    write_weights(tmp_path / "x.safetensors", {"a": torch.ones(1)}, About(network))
    assert source(tmp_path / "x.safetensors", variant="XS").variant == "XS"
    with pytest.raises(CostModelError, match="is of another network: --variant M, the file has XS"):
        source(tmp_path / "x.safetensors", variant="M")


def spec(*transforms: Transform, **sets: int) -> Source:
    return Source.read("digits", None, sets, transforms)


def test_weights_of_the_same_network_are_taken_and_bring_their_classes(write):
    path = write()
    sizes = {name: value for name, value in SETS.items() if name != "classes"}
    found = spec(Continual(), **sizes).taking(path)
    assert (found.weights, found.sizes["classes"], found.is_of_file) == (path, 3, False)
    assert found.file is not None


@pytest.mark.parametrize(
    ("given", "transforms", "found"),
    [
        ({"gamma_tau": 2}, (), "frames=1, the file has frames=4"),
        (SETS | {"classes": 4}, (), "classes=4, the file has classes=3"),
        (SETS, (Causal(),), ""),
    ],
)
def test_weights_of_another_network_than_the_specs_are_named(write, given, transforms, found):
    path = write(*transforms)
    with pytest.raises(CostModelError) as error:
        spec(**given).taking(path)
    found = found or "the file has --causal"
    assert str(error.value) == f"{path}: is of another network than digits: {found}"


def test_weights_beside_a_file_of_weights_are_one_too_many(write):
    path = write()
    with pytest.raises(CostModelError, match="--weights: SPEC is a file of weights itself; give one of the"):
        source(path).taking(path)


def test_weights_that_know_no_network_demand_a_spec(tmp_path: Path):
    with pytest.raises(CostModelError, match=r"old\.pt: says nothing of the network that it is for"):
        source(tmp_path / "old.pt")
    assert spec().taking(tmp_path / "old.pt").file is None
    with pytest.raises(
        CostModelError, match="--weights: is missing; expected it, or a file of weights as SP"
    ):
        _ = spec().needed_weights


def test_analyze_reads_a_file_of_weights_without_loading_torch(write):
    path = write()
    code = (
        "import sys, cli; code = cli.main(['analyze', sys.argv[1]]); assert 'torch' not in sys.modules;"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "digits, clip" in done.stdout


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "command",
    [
        "explain",
        "formula --free frames",
        "sweep --grid frames=1:2",
        "validate",
        "bench --runs 1 --backend eager",
        "report memory --out {}/memory",
        "emit --fold --out {}/net.py",
    ],
)
def test_every_command_takes_a_file_of_weights(write, command: str, tmp_path: Path, capsys):
    words = command.format(tmp_path).split()
    place = 2 if words[0] == "report" else 1
    assert cli.main([*words[:place], str(write()), *words[place:]]) == 0, capsys.readouterr().err


OWN = """
name: mine
input: {channels: 1, time: frames, height: 8, width: 8}
sizes: {frames: 2, width: 4, classes: 3}
axes: {Width: {moves: width, bounds: [1, 64], grid: [4, 6, 8]}}
network: [conv: {channels: width, kernel: [3, 3, 3]}, relu, global_pool, linear: {channels: classes}]
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "command",
    [
        "solve w.safetensors --continual --maximize params --format json",
        "search w.safetensors --continual --budget params<=2x --study s.db --out drawn --format json",
    ],
)
def test_the_line_that_emits_what_was_found_works_where_a_file_alone_holds_the_spec(
    command: str, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    network = Network(from_text(OWN, "mine"), {"frames": 3})
    write_weights(tmp_path / "w.safetensors", emit(network.graph()).state_dict(), About(network))
    assert cli.main(command.split()) == 0
    found = json.loads(capsys.readouterr().out)
    line = found["emit"] if "emit" in found else found["winner"]["emit"]
    for each in line.split(" && "):
        name, *words = shlex.split(each)
        assert (name, cli.main(words)) == ("costmodel", 0), each
    assert "def forward_step" in (tmp_path / "mine_winner.py").read_text()
    read = Source.read("mine_spec.yaml", None, {}, ())
    assert read.identity == network.identity


def test_a_spec_holds_no_weights(write, tmp_path: Path, capsys):
    out = tmp_path / "n.yaml"
    assert cli.main(["emit", "digits", "--as", "spec", "--weights", str(write()), "--out", str(out)]) == 2
    assert capsys.readouterr().err == "error: --weights: a spec holds none; leave them out\n"
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-100], "is cut short: "),
        (
            lambda content: content.replace(b'\\"format\\": 1,', b'\\"format\\": 7,', 1),
            "written by a newer version",
        ),
        (lambda content: b"\xff" * 7 + content, "is cut short, or no safetensors file"),
        (lambda content: content.replace(b'"conv1_s.weight"', b'"conv9_s.weight"', 1), "conv1_s.weight"),
    ],
)
def test_a_broken_file_is_one_line_and_code_2(write, change, message, tmp_path: Path, capsys):
    path = write()
    path.write_bytes(change(path.read_bytes()))
    assert cli.main(["emit", str(path), "--out", str(tmp_path / "net.py")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {path}: ")
    assert message in line
    assert not (tmp_path / "net.py").exists()


def test_no_weight_depends_on_the_bins_of_a_sampler(write):
    path = write(Sgs("res1", bins=4))
    for found in (source(path, Sgs("res1", bins=3, active_bins=2)), source(path, bins=3, active_bins=2)):
        assert found.made_by(Sgs) == Sgs("res1", bins=3, active_bins=2)
        assert found.flags == f"{path} --sgs res1 --bins 3 --active-bins 2"
        assert found.weights_note == ""
    again = source(path, *transforms_of("--sgs res1 --bins 2"))
    assert again.made_by(Sgs) == Sgs("res1", bins=2)
    assert Source.read("digits", None, SETS, (Sgs("res1", bins=2),)).taking(path).weights == path
    with pytest.raises(CostModelError, match=r"--sgs res2, the file has --sgs res1 --bins 4"):
        source(path, Sgs("res2"))
