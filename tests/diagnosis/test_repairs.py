"""Every repair of networks with something in the way: written, read back, measured frame by frame."""

import pytest
import torch

from costmodel import Graph, analyze
from costmodel.diagnosis import diagnose
from costmodel.diagnosis.diagnose import FIGURES
from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.spec.write import dump
from costmodel.transforms.continual import Continual
from costmodel.validation.validate import validate
from tests.diagnosis.networks import BROKEN, clip

REPAIRS = [
    (name, number)
    for name, each in BROKEN.items()
    for number in range(len(diagnose(clip(each.layers)).repairs))
]


def written(graph: Graph) -> Network:
    """A network as it is read back from the spec that a repair writes."""
    return Network(from_text(dump(graph), "repaired"), {}, (Continual(),))


@pytest.mark.parametrize("name", BROKEN)
def test_the_figures_are_those_of_the_spec_that_is_written(name: str):
    found = diagnose(clip(BROKEN[name].layers))
    assert found.repairs
    for each in found.repairs:
        totals = analyze(written(each.repair.graph).graph()).totals
        assert dict(each.figures) == {key: totals[key] for key in FIGURES}


@pytest.mark.parametrize("name", BROKEN)
def test_the_cheapest_repair_runs_as_predicted(name: str):
    first = diagnose(clip(BROKEN[name].layers)).repairs[0]
    assert [check for check in validate(written(first.repair.graph).graph()) if not check.holds] == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), REPAIRS)
def test_every_repair_runs_as_predicted(name: str, number: int):
    each = diagnose(clip(BROKEN[name].layers)).repairs[number]
    assert [check for check in validate(written(each.repair.graph).graph()) if not check.holds] == []


@torch.no_grad()
def test_the_convolution_in_place_of_a_flattened_clip_answers_as_it_did():
    before = clip(BROKEN["a flattened clip"].layers)
    after = diagnose(before).repairs[0].repair.graph
    whole, convolved = (emit(graph).double().eval() for graph in (before, after))
    randomise(whole, 3)
    for name, value in convolved.state_dict().items():
        value.copy_(whole.state_dict()[name].reshape(value.shape))
    x = torch.randn((2, 3, 6, 4, 4), dtype=torch.float64)
    torch.testing.assert_close(convolved(x).flatten(), whole(x).flatten(), rtol=1e-12, atol=1e-12)
