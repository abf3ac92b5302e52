"""What people put around the tensors of a network is taken off, however deep."""

import pytest
import torch

from costmodel.emit.checkpoints.wrappers import unwrapped

TENSORS = {"a.weight": torch.ones(1)}


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (TENSORS, ""),
        ({"state_dict": TENSORS, "epoch": 3}, "state_dict"),
        ({"model_state": TENSORS, "optimizer_state": {"state": {0: {"m": torch.ones(1)}}}}, "model_state"),
        ({"model": {"state_dict": TENSORS}, "arch": "r18"}, "state_dict"),
        ({"model": "x3d_m", "state_dict": TENSORS}, "state_dict"),
        ({"generator": TENSORS, "lr": 0.1}, "generator"),
    ],
)
def test_the_tensors_are_found(content, key):
    assert unwrapped(content) == (key, TENSORS)


def test_a_layer_may_be_named_like_a_wrapper():
    content = {"model": torch.ones(1), "weights": torch.ones(2)}
    assert unwrapped(content) == ("", content)


def test_two_networks_are_not_chosen_between():
    content = {"generator": TENSORS, "discriminator": TENSORS}
    assert unwrapped(content) == ("", content)
