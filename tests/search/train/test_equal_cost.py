from pathlib import Path

import numpy as np
import pytest
from tiny_network import data, network, saved_weights

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate as metric
from costmodel.transforms.continual import continual
from search.train.equal_cost import views_beside_stream
from search.train.evaluate import Views, on_clips
from search.train.metrics import top
from search.train.streaming import Streamed


def test_a_stream_is_looked_at_for_as_long_as_the_clips_cost(tmp_path: Path):
    weights = saved_weights(tmp_path)
    streamed = Streamed(continual(network()), weights, data(), limit=7)
    rows = views_beside_stream(streamed, network(), weights, (1, 3, 10))
    per_clip = metric(Figures(network()), "macs_per_clip")
    per_frame = metric(Figures(streamed.graph), "macs_per_frame")
    for row in rows:
        assert row["clip_macs"] == row["clips"] * per_clip
        assert row["stream_macs"] <= row["clip_macs"]
        # another frame would cost more, or there is none
        assert row["frames"] == 20 or row["stream_macs"] + per_frame > row["clip_macs"]
    assert rows[1]["clip_accuracy"] == on_clips(network(), weights, streamed.tried, Views(3)).accuracy
    steps, scores = streamed.answers()
    wanted = top(scores[:, :, steps < rows[1]["frames"]].mean(2), streamed.labels)
    assert rows[1]["stream_accuracy"] == pytest.approx(wanted)
    assert (rows[0]["stream_accuracy"] is None) == (rows[0]["frames"] <= streamed.delay)
    assert len(np.unique([row["frames"] for row in rows])) > 1
