"""The table of public networks: each read from its own code and held against it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from costmodel.importers import read_module
from costmodel.importers.public import drawn
from costmodel.importers.table import NETWORKS, Public, rows
from tests.shared.peers import factory


def test_the_fifteen_of_packages_and_the_five_of_repositories_are_listed():
    numbers = {int(each.number) for each in NETWORKS}
    assert numbers == set(range(1, 21)) - {15}


def test_a_checkout_that_is_not_there_is_left_out(tmp_path: Path):
    assert list(rows(tmp_path, "3D DenseNet")) == []


def test_arguments_say_where_a_checkout_lies(tmp_path: Path):
    network = Public("19", "net", ":mobilenet_3d", 16, 112, checkout=("Efficient-3DCNNs", "below"))
    given = json.loads(network.arguments(tmp_path, 112))
    assert given["options"] == {"folder": str(tmp_path / "Efficient-3DCNNs" / "below")}
    assert (given["clip"], given["crop"]) == ([2, 3, 16, 64, 64], 112)


def test_norms_are_settled_and_pools_of_one_size_fit_another_crop():
    module = drawn("own_modules:Pooled", (2, 3, 4, 64, 64), {"kernel": [4, 7, 7]}, crop=224)
    assert module.pool.kernel_size == (4, 7, 7)
    assert float(module.norm.running_var.sub(1).abs().min()) > 0.01
    assert drawn("own_modules:Pooled", (2, 3, 4, 64, 64), crop=64).pool.kernel_size == (4, 2, 2)


@pytest.mark.slow
@pytest.mark.peers("torchvision")
def test_a_public_network_is_a_row(tmp_path: Path):
    (row,) = rows(tmp_path, "mc3_18")
    assert (row["parameters"], row["multiply-adds"]) == ("11,695,440", "43,342,635,008")
    assert (row["class"], row["/n"], row["lookahead"]) == ("E1", "1", "5")
    assert float(row["stream"]) <= 1e-10


@pytest.mark.slow
@pytest.mark.peers("torchvision", "tract")
def test_tract_counts_as_many_multiply_adds(tmp_path: Path):
    import tract

    module, shape = factory("torchvision.models.video", "mc3_18")().eval(), (1, 3, 4, 32, 32)
    path = str(tmp_path / "net.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.rand(shape),), path, dynamo=False)
    program = tract.onnx().load(path).into_model().into_runnable()
    told = json.loads(program.profile_json([np.zeros(shape, np.float32)]))
    products = [each["cost"]["FMA(F32)"] for each in told["nodes"] if each["op_name"] == "OptMatMul"]
    assert sum(map(int, products)) == read_module(module, shape, "mc3_18").checked.macs
