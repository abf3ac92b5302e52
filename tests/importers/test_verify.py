"""What was read is compared with the module before anybody gets it: a wrong rule is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from own_modules import CLIP, Causal, Shuffled

from costmodel.importers import read_module
from costmodel.importers.call import Call
from costmodel.importers.rules import RULES
from costmodel.importers.rules.convolution import convolution
from costmodel.importers.value import Found
from costmodel.importers.verify import ImportCheckError
from costmodel.ops import Conv


def changed(**fields: object) -> object:
    """The rule of convolutions, its last layer with other fields."""

    def rule(call: Call) -> Found:
        found = convolution(call)
        node = call.builder.nodes[-1]
        assert isinstance(node.op, Conv)
        call.builder.nodes[-1] = replace(node, op=replace(node.op, **fields))
        return found

    return rule


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"bias": False}, "parameters were read, and the module has"), ({"stride": (1, 2, 2)}, "torch counts")],
)
def test_a_rule_with_other_costs_is_found_out(
    fields: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(RULES, "conv3d.default", changed(**fields))
    with pytest.raises(ImportCheckError, match=told):
        read_module(Causal(), CLIP, "net")


def test_a_rule_of_equal_costs_and_other_answers_is_found_out(monkeypatch: pytest.MonkeyPatch):
    module = Shuffled()
    read_module(module, CLIP, "net").with_answers_compared(module)
    monkeypatch.setattr("costmodel.importers.parts.Shuffle", lambda groups: _shuffle(groups + 1))
    with pytest.raises(ImportCheckError, match="its answers differ by"):
        read_module(module, CLIP, "net").with_answers_compared(module)


def _shuffle(groups: int) -> object:
    from costmodel.ops import Shuffle

    return Shuffle(groups)
