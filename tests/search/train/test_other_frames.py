"""Other ways to choose frames: what each hands on, and what binning alone saves."""

import numpy as np
import pytest
import torch

from costmodel.analysis.cost import analyze
from costmodel.emit import emit
from costmodel.network import Network
from costmodel.ops import Sgs
from costmodel.transforms.sgs import Sgs as Sampling
from costmodel.types import TensorType
from search.train.other_frames import EvenFrames, RandomEmbeddings, RandomFrames, attending

X = TensorType(3, 16, 2, 2)
CLIP = torch.arange(16.0).view(1, 1, 16, 1, 1).expand(2, 3, 16, 2, 2)


def test_even_frames_are_evenly_spaced():
    found = EvenFrames(Sgs(active=4), X)(CLIP)
    assert found[:, 0, :, 0, 0].tolist() == [[0, 4, 8, 12]] * 2


def test_random_frames_are_frames_in_their_order():
    torch.manual_seed(0)
    found = RandomFrames(Sgs(active=5), X)(CLIP)[:, 0, :, 0, 0]
    assert found.tolist() == found.sort(1).values.tolist()
    assert [len(each.unique()) for each in found] == [5, 5]
    assert found[0].tolist() != found[1].tolist()


@pytest.mark.parametrize(("frames", "mean"), [(8, 4.14), (16, 8.19), (32, 16.09)])
def test_random_embeddings_keep_about_half_of_the_bins(frames: int, mean: float):
    """`mean` was measured with the authors' code, which keeps the bin that the farthest frame has alone."""
    lengths = np.linalg.norm(np.random.default_rng(0).normal(size=(2000, frames, 8)), axis=2)
    places = np.floor(lengths / lengths.max(1, keepdims=True) * frames)  # the farthest alone has `frames`
    kept = [len({*row.tolist()} - {float(frames)}) for row in places]
    theirs = [len({min(place, frames - 1.0) for place in row.tolist()}) for row in places]
    assert np.mean(theirs) == pytest.approx(mean, abs=0.1)
    torch.manual_seed(0)
    layer = RandomEmbeddings(Sgs(), X.with_time(frames))
    found = layer.grouped(torch.ones(2000, 3, frames, 1, 1)).frames
    assert np.mean(found) == pytest.approx(np.mean(kept), abs=0.15)


def test_attention_stands_where_the_sampler_would():
    sampled = Network.of("digits", None, {"frames": 4, "crop": 16}, (Sampling("res1"),))
    graph = attending(sampled.without(Sampling).graph(), sampled.graph())
    assert graph.by_name["res1.0.relu"].inputs == ("res1.0.add_attention_sum",)
    assert emit(graph).eval()(torch.zeros(1, 1, 4, 16, 16)).shape == (1, 12)
    # Three layers C -> C / 2 and one back, and two products of all pairs of frames.
    positions, channels = 4 * 8 * 8, 8
    more = analyze(graph).totals["macs_per_clip"]
    more -= analyze(sampled.without(Sampling).graph()).totals["macs_per_clip"]
    assert more == positions * (4 * channels * 4 + 2 * 4 * 4)
