"""The content address of a network: its layers and transforms, and no names."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from small_network import CONTINUAL, SPEC, tiny

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold


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
