from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_network import data, network, saved_weights

from costmodel.transforms.continual import continual
from search.data import open_data
from search.data.first import first_of
from search.train.cuts import _settled, after_cuts
from search.train.streaming import Streamed


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Streamed:
    return Streamed(continual(network()), saved_weights(tmp_path_factory.mktemp("cuts")), data())


def test_answers_after_a_cut_are_those_of_the_videos_in_one_stream(streamed: Streamed):
    found = after_cuts(streamed)
    assert found is not None
    # neighbours have other labels: 24 videos of 20 frames of the network, 23 cuts
    assert (found.cuts, [row["after"] for row in found.rows]) == (23, list(range(1, 21)))
    _, scores = streamed.answers()
    both = [np.concatenate([scores[one], scores[one + 1]], axis=1) for one in range(23)]
    labels = streamed.labels
    # once warm, nothing of the video before is left
    alone = [each[:, -1].argmax() == labels[one + 1] for one, each in enumerate(both)]
    assert found.rows[-1]["accuracy"] == pytest.approx(np.mean(alone))
    assert (found.delay, found.warmup) == (5, 7)
    assert found.lookahead <= found.delay
    assert found.settled == pytest.approx(np.mean(alone))


def test_the_first_answers_after_a_cut_are_of_both_videos(streamed: Streamed):
    pair = first_of(data().validation, 2)
    one = Streamed(streamed.graph, streamed.weights, replace(data(), validation=pair))
    rows = after_cuts(one)
    assert rows is not None
    clips = torch.cat(list(next(streamed._clips(replace_frames(streamed)))[:2]), dim=1)[None]
    streamed.network.reset()
    scores, _ = streamed.network.forward_steps(clips)
    expected = scores[0, :, -20:].argmax(0) == int(streamed.labels[1])
    assert [row["accuracy"] for row in rows.rows] == expected.float().tolist()


def replace_frames(streamed: Streamed):
    from search.train.fit import view_of

    return view_of(streamed.graph, streamed.frames_of_videos())


def test_a_cut_is_settled_once_its_answers_stay_right():
    right = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1]], np.bool_)
    assert _settled(right, np.array([2, 4, 6, 8])).tolist() == [6, 8, 2]


def test_videos_too_short_for_an_answer_have_no_cuts(streamed: Streamed):
    short = open_data("digits:train=24,val=3,length=4")
    assert after_cuts(Streamed(streamed.graph, streamed.weights, short)) is None
