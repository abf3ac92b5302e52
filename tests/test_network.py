"""Networks as data: graphs made in one place, plain data, addresses, and the command line that gives them."""

import shlex
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from small_network import CONTINUAL, SPEC, tiny

from costmodel import load
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import SpecError, TransformError
from costmodel.network import Network
from costmodel.spec import from_text, parse_set
from costmodel.transforms import transform_from
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold


def test_the_graph_is_the_spec_with_its_transforms_in_order():
    network = tiny(Fold(), CONTINUAL)
    assert network.graph() == CONTINUAL(Fold()(tiny().graph()))
    assert network.clip() == Fold()(tiny().graph())


def test_a_network_of_a_shipped_name_is_what_load_gives():
    assert Network.of("x3d", "S", {"crop": 64}).graph() == load("x3d", variant="S", crop=64)


def test_a_whole_fraction_is_a_size():
    assert tiny(frames=Fraction(8)).graph() == tiny(frames=8).graph()


def test_a_size_of_a_transform_is_set_like_any_other():
    network = tiny(Continual(), pool=24)
    assert network.transforms == (Continual(pool=24),)
    assert network.sizes == {"frames": 8, "wide": Fraction(3, 2), "pool": 24}
    assert network.size_names == {"frames", "wide", "pool", "crop"}


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
