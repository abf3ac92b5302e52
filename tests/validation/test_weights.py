"""What a file of weights holds, beside what the analysis says that its network learns."""

from pathlib import Path

import pytest

from costmodel.emit import emit
from costmodel.emit.weights_format import write_weights
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.transforms.fold import Fold
from costmodel.validation.weights import check_weights
from costmodel.weights import About

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
network: [conv: {name: stem, channels: 3, kernel: [1, 3, 3]}, bn, global_pool, linear: {channels: 2}]
"""
PARAMS = 3 * 9 + 2 * 3 + 3 * 2 + 2


def written(folder: Path, network: Network, **other: object) -> Path:
    tensors = emit(network.graph()).state_dict()
    write_weights(folder / "w.safetensors", tensors | other, About(network))
    return folder / "w.safetensors"


@pytest.mark.parametrize(("transforms", "params"), [((), PARAMS), ((Fold(),), PARAMS - 3)])
def test_learned_values_are_counted_in_the_file_and_statistics_are_not(tmp_path: Path, transforms, params):
    check = check_weights(written(tmp_path, Network(from_text(SPEC, "tiny"), transforms=transforms)))
    assert (check.predicted, check.measured, check.holds) == (params, params, True)


def test_tensors_of_another_network_than_the_file_says_are_refused(tmp_path: Path):
    network = Network(from_text(SPEC, "tiny"))
    extra = emit(network.graph()).state_dict()["stem.weight"]
    with pytest.raises(EmitError, match="1 tensor unexpected: other"):
        check_weights(written(tmp_path, network, other=extra))
