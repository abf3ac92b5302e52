"""Blocks and arguments are called as their author would call them."""

import pytest

from costmodel.importers.blocks.names import block_name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("torchvision.models.video.resnet.BasicBlock", "basic_block"),
        ("x.Conv3dNormActivation", "conv3d_norm_activation"),
        ("x.Conv2Plus1D", "conv2_plus1d"),
        ("x.SEBlock", "se_block"),
        ("x._DenseLayer", "dense_layer"),
        ("x.Outer.<locals>.Inner", "inner"),
        ("x.Add", "add_block"),
    ],
)
def test_a_class_gives_a_block_its_name(kind: str, name: str):
    assert block_name(kind, ()) == name


def test_a_second_block_of_a_class_has_a_number():
    assert block_name("x.Block", ("block",)) == "block_2"
