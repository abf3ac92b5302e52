"""Networks as data: graphs made in one place, plain data, addresses, and the command line that gives them."""

import json
import pickle
import shlex
import subprocess
from fractions import Fraction

import numpy as np
import pytest
import sympy

from costmodel import load
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import CostModelError, OptionError, SpecError, TransformError
from costmodel.network import Network
from costmodel.spec import document, from_text, parse_set
from costmodel.transforms import Transform, transform_from
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold

SPEC = """
name: tiny
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 8, wide: 1.5}
let: {w1: floor(4 * wide)}
variants: {L: {wide: 2.75}}
axes: {Width: {moves: wide, bounds: [0.5, 4], integer: false}}
network:
  - conv: {channels: w1, kernel: [3, 3, 3]}
  - bn
  - global_pool
"""
CONTINUAL = Continual(pool=16)


def tiny(*transforms: Transform, **sizes: object) -> Network:
    return Network(from_text(SPEC), sizes, transforms)


def test_the_graph_is_the_spec_with_its_transforms_in_order():
    network = tiny(Fold(), CONTINUAL)
    assert network.graph() == CONTINUAL(Fold()(tiny().graph()))
    assert network.clip() == Fold()(tiny().graph())


def test_a_network_of_a_shipped_name_is_what_load_gives():
    assert Network.of("x3d", "S", {"crop": 64}).graph() == load("x3d", variant="S", crop=64)


def test_a_size_of_a_transform_is_set_like_any_other():
    network = tiny(Continual(), pool=24)
    assert network.transforms == (Continual(pool=24),)
    assert network.sizes == {"frames": 8, "wide": Fraction(3, 2), "pool": 24}
    assert network.size_names == {"frames", "wide", "pool"}


def test_where_the_spec_has_a_size_of_that_name_it_is_meant():
    source = from_text(SPEC.replace("time: frames", "time: pool").replace("frames: 8", "pool: 8"))
    network = Network(source, {"pool": 4}, (Continual(),))
    assert network.graph().clip.source.time == 4
    assert network.transforms == (Continual(),)


def test_a_size_that_nobody_has_is_named():
    with pytest.raises(SpecError, match=r"--set wid: tiny has no such size .did you mean 'wide'"):
        tiny(wid=2).graph()


def test_copies_take_sizes_and_transforms():
    network = tiny(Continual()).with_sizes({"frames": 4}).with_transform(Fold())
    assert [each.word for each in network.transforms] == ["continual", "fold"]
    assert network.with_transform(CONTINUAL).transforms == (CONTINUAL, Fold())
    assert network.without(Continual).transforms == (Fold(),)
    assert network.continual() is network
    assert tiny().continual().transforms == (Continual(),)


def test_what_cannot_follow_is_refused():
    with pytest.raises(TransformError, match="--fold: stands twice"):
        tiny(Fold(), Fold())


def test_plain_data_gives_the_same_network():
    network = Network.of("x3d_m", None, {"crop": 64, "gamma_w": Fraction(4, 3)}, (CONTINUAL,))
    data = json.loads(json.dumps(network.to_dict()))
    again = Network.from_dict(data)
    assert again.graph() == network.graph()
    assert again.identity == network.identity
    assert again.to_dict() == data


def test_plain_data_needs_no_other_spec():
    assert "extends" in document("x3d_m").root.value
    assert "\nextends:" not in Network.of("x3d_m").to_dict()["document"]


def test_a_worker_gets_the_same_network():
    network = Network.of("x3d", "S", {"crop": 32}, (CONTINUAL,))
    again = pickle.loads(pickle.dumps(network))
    assert (again.graph(), again.spec) == (network.graph(), "x3d")


def changed(**values: object) -> dict[str, object]:
    return {**tiny(CONTINUAL).to_dict(), **values}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "network: a list, expected a mapping with format, document, variant, sizes, transforms"),
        (changed(more=1), "network: unknown key 'more'"),
        (changed(format=7), "network: format 7, this tool reads format 1"),
        (
            changed(document=None),
            "network: document is missing or of another kind, expected the text of a spec",
        ),
        (
            changed(document="extends: x3d\nnetwork: []"),
            "network:1: extends: expected a resolved spec, one that",
        ),
        (changed(document="a" * 2**21), "network: document: more than 1048576 characters"),
        (changed(sizes={"wide": 1.5}), "network: sizes: wide: '1.5', expected a whole number or 'a/b'"),
        (changed(sizes={"wide": "1/0"}), "network: sizes: wide: '1/0', expected a whole number or 'a/b'"),
        (changed(transforms=["fold"]), "network: transforms: a str, expected a mapping"),
        (changed(transforms=[{"transform": "folt"}]), "unknown transform 'folt' .did you mean 'fold'"),
        (changed(transforms=[{"transform": "continual", "pool": []}]), "--pool: .., expected 1 to 100000"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(data: object, message: str):
    with pytest.raises(CostModelError, match=message) as caught:
        Network.from_dict(data)
    assert "\n" not in str(caught.value)


def test_names_that_are_not_printable_come_back():
    name = 'a\x1b[31m "quoted" \\ \U0001f600'
    source = from_text(SPEC.replace("name: tiny", f"name: {json.dumps(name, ensure_ascii=False)}"))
    network = Network(source)
    assert source.name == name
    assert network.to_dict()["document"].isprintable() is False  # its line ends
    assert "\x1b" not in network.to_dict()["document"]
    assert Network.from_dict(network.to_dict()).document.name == name


def test_the_address_holds_layers_and_transforms_but_no_names():
    network = tiny()
    renamed = Network(from_text(SPEC.replace("name: tiny", "name: other")))
    others = [tiny(frames=4), tiny(Fold()), tiny(CONTINUAL), tiny(Continual())]
    assert network.identity == renamed.identity
    assert len({each.identity for each in (network, *others)}) == 5


def test_sizes_that_make_the_same_layers_have_one_address():
    assert tiny(wide=Fraction(3, 2)).identity == tiny(wide=Fraction(13, 8)).identity != tiny(wide=2).identity


@pytest.mark.parametrize("free", [sympy.Symbol("frames", integer=True, positive=True), np.array([4, 8])])
def test_symbols_and_arrays_have_no_address_and_no_plain_data(free: object):
    network = tiny(frames=free)
    assert not network.is_exact
    for ask in (lambda: network.identity, network.to_dict):
        with pytest.raises(OptionError, match="frames: is a symbol or an array, expected a number"):
            ask()


def test_a_transform_that_needs_numbers_says_so():
    network = tiny(Continual(state="smallest"), frames=np.array([4, 8]))
    assert not network.takes_symbols
    with pytest.raises(TransformError, match="--continual --state smallest: takes sizes that are numbers"):
        network.graph()


def test_a_size_of_a_transform_may_be_an_array():
    figures = Figures(tiny(Continual(), pool=np.array([8, 16])).graph())
    assert evaluate(figures, "delay").tolist() == [1 + 7, 1 + 15]


def read_back(flags: str) -> Network:
    """The network of a command line, read as a shell and the command would."""
    spec, *rest = shlex.split(flags)
    sets, chosen, variant = {}, [], None
    options = iter(rest)
    for each in options:
        if each == "--set":
            name, value = parse_set(next(options))
            sets[name] = value
        elif each == "--variant":
            variant = next(options)
        elif each in ("--continual", "--fold"):
            chosen.append({"transform": each[2:]})
        else:
            chosen[-1][each[2:]] = int(next(options))
    return Network.of(spec, variant, sets, [transform_from(each) for each in chosen])


def test_flags_give_the_same_network():
    sets = {"gamma_w": Fraction(4, 3), "gamma_b": Fraction("2.20"), "swish": False, "crop": 64}
    network = Network.of("x3d", "S", sets, (Fold(), CONTINUAL))
    assert network.flags == (
        "x3d --variant S --set gamma_w=4/3 --set gamma_b=2.2 --set swish=false --set crop=64 "
        "--fold --continual --pool 16"
    )
    assert read_back(network.flags).to_dict() == network.to_dict()


@pytest.mark.parametrize("spec", ["a b.yaml", "$(touch x).yaml", "-x.yaml", "a'b;c.yaml", "x\ny.yaml"])
def test_flags_are_safe_to_paste(spec: str):
    network = Network(from_text(SPEC), {}, (), "L", spec)
    command = ["bash", "-c", f"printf '%s\\0' {network.flags}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, *rest = done.stdout.split("\0")[:-1]
    assert first == (f"./{spec}" if spec.startswith("-") else spec)
    assert rest == ["--variant", "L"]
