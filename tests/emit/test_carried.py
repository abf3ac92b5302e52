"""Weights of the spec's own network, and of one trained with transforms, read into what runs."""

from pathlib import Path

import pytest
import torch

from costmodel.emit import emit
from costmodel.emit.carried import load_carried
from costmodel.emit.randomise import randomise
from costmodel.errors import EmitError
from costmodel.network import Network
from costmodel.spec import from_text
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold

SPEC = """
input: {channels: 2, time: 4, height: 5, width: 5}
network: [conv: {channels: 3, kernel: [3, 3, 3]}, bn, global_pool, linear: {channels: 4}]
"""


def saved(network: Network, path: Path) -> torch.nn.Module:
    running = emit(network.graph()).eval()
    randomise(running, 5)
    torch.save(running.state_dict(), path)
    return running


@torch.no_grad()
@pytest.mark.parametrize("trained", [(), (Fold(),)])
def test_weights_of_either_network_give_the_same_answers(trained, tmp_path: Path):
    written = saved(Network(from_text(SPEC), transforms=trained), tmp_path / "w.pt")
    network = Network(from_text(SPEC), transforms=(Fold(),))
    running = emit(network.graph()).eval()
    load_carried(network, running, tmp_path / "w.pt")
    clip = torch.randn((2, 2, 4, 5, 5))
    torch.testing.assert_close(running(clip), written(clip), rtol=1e-4, atol=1e-5)


def test_a_stream_takes_the_clip_network_s_weights(tmp_path: Path):
    saved(Network(from_text(SPEC)), tmp_path / "w.pt")
    network = Network(from_text(SPEC), transforms=(Continual(), Fold()))
    assert load_carried(network, emit(network.graph()), tmp_path / "w.pt").tensors > 0


def test_weights_of_another_network_are_refused(tmp_path: Path):
    saved(Network(from_text(SPEC.replace("channels: 3", "channels: 7"))), tmp_path / "w.pt")
    network = Network(from_text(SPEC), transforms=(Fold(),))
    with pytest.raises(EmitError, match=r"w\.pt: costmodel layout: .* of the wrong shape"):
        load_carried(network, emit(network.graph()), tmp_path / "w.pt")
