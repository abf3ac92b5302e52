"""What fits no layout is told by the nearest ones, in one line that names what differs."""

import re

import pytest
import torch

from costmodel import load
from costmodel.emit import emit
from costmodel.emit.checkpoints.fit import fit
from costmodel.errors import EmitError


def state(spec: str, **sizes: int) -> dict[str, torch.Tensor]:
    return emit(load(spec, **sizes)).state_dict()


def refusal(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> str:
    with pytest.raises(EmitError) as error:
        fit(found, wanted)
    return str(error.value)


HINT = "--mapping FILE says how its names are ours, --by-order takes tensors in their order"


def test_blocks_that_are_missing_stand_together():
    found, wanted = state("x3d", gamma_d=1), state("x3d")
    assert refusal(found, wanted) == (
        "costmodel layout: 227 of 484 tensors right; 257 tensors missing: res2.* (34), res3.* (53), "
        f"res4.* (102), res5.* (68) | {HINT}"
    )


def test_the_nearest_layouts_are_told_with_what_differs_in_each():
    wanted = state("c2d")
    found = {}
    for name, value in wanted.items():
        new = re.sub(r"res([23])\.(\d+)", r"s\1.pathway0_res\2", name)
        if name.startswith(("res4", "res5")):
            new = re.sub(r"res(\d)\.(\d+)", r"blocks.\1.res_blocks.\2", name)
            new = re.sub(r"([abc])_bn", r"norm_\1", new).replace("branch2.c.", "branch2.conv_c.")
        found[new] = value
    assert refusal(found, wanted).split(" | ") == [
        "pytorchvideo-pool layout: 124 of 267 tensors right; 143 tensors missing: res2.* (50), "
        "res3.* (65), res4.* (17), res5.* (11); 143 tensors unexpected: s2.* (50), s3.* (65), blocks.* (28)",
        "slowfast layout: 112 of 267 tensors right; 155 tensors missing: res2.* (5), res3.* (5), "
        "res4.* (95), res5.* (50); 155 tensors unexpected: s2.pathway0_res0.branch1.* (5), "
        "s3.pathway0_res0.branch1.* (5), blocks.4.res_blocks.* (95), blocks.5.res_blocks.* (50)",
        HINT,
    ]


def test_another_network_is_told_by_whose_names_it_has():
    shorter = {name.replace("main.", ""): value for name, value in state("resnet_2d").items()}
    found = {f"module.{name.replace('.block', '')}": value for name, value in shorter.items()}
    whose = "3D-ResNets-PyTorch's and Efficient-3DCNNs' ResNets and ResNeXts, torchvision's 2D ResNets"
    assert refusal(found, state("x3d", gamma_d=1)) == (
        "none of its 102 tensors has a name of this network in any known layout | "
        f"its names are of {whose}, perhaps of another network | {HINT}"
    )
