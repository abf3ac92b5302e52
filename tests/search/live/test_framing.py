import numpy as np
import pytest
import torch
from encoded import shown
from live_networks import VIEW

from search.data.folder import StoredVideos
from search.data.views import centre_clips
from search.live.framing import Framing


@pytest.mark.parametrize(("height", "width"), [(32, 48), (48, 32), (40, 41), (10, 10)])
def test_a_frame_is_cut_scaled_and_fed_as_in_evaluation(height: int, width: int):
    frames = shown(3, height, width)
    clips = centre_clips(StoredVideos([frames[:1]], np.zeros(1, np.int64)), np.array([0]), VIEW)
    assert torch.equal(Framing(VIEW)(frames[:1])[0], clips[0, :, 0])
    assert torch.equal(Framing(VIEW)([*frames, frames[0][:20]])[0], clips[0, :, 0])
    assert Framing(VIEW, channels=1)(frames)[2].shape == (1, 14, 14)
