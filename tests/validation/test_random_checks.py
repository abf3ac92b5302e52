"""Every figure of networks made at random holds: a few always, two thousand in the slow tests."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from costmodel.validation.random_checks import networks_of, tried

NETWORKS = 2000
SEEDS = range(-(-NETWORKS // 3))  # each makes three


def differences(seed: int) -> list[str]:
    return [f"seed {seed}, {each.name}: {', '.join(each.failed)}" for each in tried(seed) if each.failed]


def test_a_seed_makes_a_clip_network_a_stream_and_one_behind_transforms():
    clip, stream, made = networks_of(4)
    assert (clip.transforms, clip.graph.is_stream) == ((), False)
    assert stream.graph.is_stream
    assert made.transforms
    assert made.flags.startswith("--")


@pytest.mark.parametrize("seed", [4, 26])
def test_every_figure_of_the_networks_of_a_seed_holds(seed: int):
    assert differences(seed) == []


def _all() -> Iterator[str]:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        for found in processes.map(differences, SEEDS, chunksize=8):
            yield from found


@pytest.mark.slow
def test_every_figure_of_two_thousand_networks_holds():
    assert list(_all()) == []
