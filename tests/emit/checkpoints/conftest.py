"""The tensors of a small network, which checkpoints of others are read for."""

import pytest
from strangers import SPEC
from torch import Tensor

from costmodel.emit import emit
from costmodel.emit.randomise import randomise
from costmodel.spec.document import from_text
from costmodel.spec.elaborate import elaborate


@pytest.fixture
def wanted() -> dict[str, Tensor]:
    network = emit(elaborate(from_text(SPEC)))
    randomise(network, 1)
    return network.state_dict()
