"""Layouts of networks that no package has: names made by rule, in the order of layers, are ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from torch import Tensor

from costmodel import load
from costmodel.emit import emit
from costmodel.emit.checkpoints.fit import fit
from costmodel.emit.randomise import randomise


def mobilenet_v1() -> Iterator[str]:
    yield from ("features.0.0", "features.0.1")
    yield from (f"features.{n}.{layer}{k}" for n in range(1, 14) for k in (1, 2) for layer in ("conv", "bn"))
    yield "classifier.1"


def mobilenet_v2() -> Iterator[str]:
    yield from ("features.0.0", "features.0.1")
    yield from (f"features.1.conv.{k}" for k in (0, 1, 3, 4))
    yield from (f"features.{n}.conv.{k}" for n in range(2, 18) for k in (0, 1, 3, 4, 6, 7))
    yield from ("features.18.0", "features.18.1", "classifier.1")


def shufflenet_v1() -> Iterator[str]:
    yield from ("conv1.0", "conv1.1")
    for n, blocks in ((1, 4), (2, 8), (3, 4)):
        yield from (f"layer{n}.{i}.{x}{k}" for i in range(blocks) for k in (1, 2, 3) for x in ("conv", "bn"))
    yield "classifier.1"


def shufflenet_v2() -> Iterator[str]:
    yield from ("conv1.0", "conv1.1")
    for n in range(16):
        yield from (f"features.{n}.banch1.{k}" for k in (0, 1, 2, 3) if n in (0, 4, 12))
        yield from (f"features.{n}.banch2.{k}" for k in (0, 1, 3, 4, 5, 6))
    yield from ("conv_last.0", "conv_last.1", "classifier.1")


def squeezenet() -> Iterator[str]:
    yield from ("features.0", "features.1")
    for n in (4, 5, 7, 8, 10, 11, 13, 14):
        yield from (
            f"features.{n}.{x}{bn}" for x in ("squeeze", "expand1x1", "expand3x3") for bn in ("", "_bn")
        )
    yield "classifier.1"


def resnet() -> Iterator[str]:
    yield from ("conv1", "bn1")
    for n, blocks in ((1, 2), (2, 2), (3, 1), (4, 1)):
        for i in range(blocks):
            yield from (f"layer{n}.{i}.{layer}{k}" for k in (1, 2, 3) for layer in ("conv", "bn"))
            yield from (f"layer{n}.{i}.downsample.{k}" for k in (0, 1) if i == 0)
    yield "fc"


def x3d_multigrid() -> Iterator[str]:
    yield from ("conv1_s", "conv1_t", "bn1")
    for n, blocks in ((1, 1), (2, 2), (3, 5), (4, 3)):
        for i in range(blocks):
            yield from (f"layer{n}.{i}.{layer}" for layer in ("conv1", "bn1", "conv2", "bn2"))
            yield from (f"layer{n}.{i}.{layer}" for layer in ("fc1", "fc2") if i % 2 == 0)
            yield from (f"layer{n}.{i}.{layer}" for layer in ("conv3", "bn3"))
            yield from (f"layer{n}.{i}.downsample.{k}" for k in (0, 1) if i == 0)
    yield from ("conv5", "bn5", "fc1", "fc2")


def renamed(state: dict[str, Tensor], modules: Iterator[str]) -> dict[str, Tensor]:
    ours = dict.fromkeys(name.rpartition(".")[0] for name in state)
    names = dict(zip(ours, modules, strict=True))
    split = ((*name.rpartition("."), value) for name, value in state.items())
    return {f"module.{names[layer]}.{last}": value for layer, _, last, value in split}


@pytest.mark.parametrize(
    ("spec", "layout", "modules", "sizes"),
    [
        ("mobilenet_v1_3d", "mobilenet-v1", mobilenet_v1, {}),
        ("mobilenet_v2_3d", "mobilenet-v2", mobilenet_v2, {}),
        ("shufflenet_v1_3d", "shufflenet-v1", shufflenet_v1, {}),
        ("shufflenet_v2_3d", "shufflenet-v2", shufflenet_v2, {"c1": 32, "c2": 64, "c3": 128}),
        ("squeezenet_3d", "squeezenet", squeezenet, {}),
        (
            "resnet_2d",
            "resnet",
            resnet,
            {"bottleneck": True, "blocks3": 1, "blocks4": 1},
        ),
        ("x3d", "x3d-multigrid", x3d_multigrid, {"gamma_d": 1}),
    ],
)
def test_names_made_by_rule_are_ours(spec, layout, modules, sizes):
    network = emit(load(spec, **sizes))
    randomise(network, 1)
    state = network.state_dict()
    fitted = fit(renamed(state, modules()), state)
    assert (fitted.layout, len(fitted.tensors)) == (layout, len(state))
    assert all(value.equal(state[name]) for name, value in fitted.tensors.items())
