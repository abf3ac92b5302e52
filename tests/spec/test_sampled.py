"""Samplers of a spec: what would take their bins for frames is refused where it stands."""

import pytest

from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.spec.document import from_text

SPEC = """
name: tiny
input: {{channels: 1, time: 8, height: 8, width: 8}}
network:
  - conv: {{name: a, channels: 4, kernel: [1, 3, 3]}}
  - sgs: {{name: first{first}}}
  - conv: {{name: b, channels: 4, kernel: [1, 3, 3]}}
{second}
  - conv: {{name: c, channels: 4, kernel: [1, 3, 3]}}
  - global_pool
  - linear: {{channels: 3}}
"""


def built(first: str, second: str) -> int:
    text = SPEC.format(first=first, second=second)
    return len(Network(from_text(text, "tiny.yaml")).graph().nodes)


def test_sampling_twice_needs_blocks():
    with pytest.raises(
        CostModelError, match=r"network\[3\].sgs: samples again what is sampled already, .*`block`"
    ):
        built("", "  - sgs")
    with pytest.raises(CostModelError, match="samples again"):
        built(", block: 4, active: 2", "  - sgs")
    assert built(", block: 4, active: 2", "  - sgs: {block: 2, active: 1}") == 7


def test_no_branch_goes_past_a_sampler():
    beside = "  - add: {main: [sgs], skip: []}"
    with pytest.raises(CostModelError, match=r"network\[1\].add: would join sampled frames with all frames"):
        Network(
            from_text(SPEC.format(first="", second="").replace("sgs: {name: first}", beside[4:]), "t")
        ).graph()
    assert built("", "  - add: {main: [relu], skip: []}") == 8
