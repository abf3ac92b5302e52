"""Crops of clips: what is left, and that a stream hands on the frames that the clip network reads."""

import pytest
import torch

from costmodel import continual
from costmodel.emit import StreamNetwork, emit, randomise
from costmodel.errors import SpecError
from costmodel.spec import elaborate, from_text
from costmodel.transforms.continual import State

# No layer is padded in time, so that the clip network's answers are those of the stream from the first on.
SPEC = """
input: {channels: 2, time: 14, height: 4, width: 5}
network:
  - add:
      cut: [crop: {before: %s, after: [%d, 0, 0]}]
      seen: [conv: {name: seen, channels: 2, kernel: [5, 1, 1], padding: 0}]
  - conv: {channels: 3, kernel: [2, 1, 1], padding: 0}
"""


@torch.no_grad()
@pytest.mark.parametrize("before", [0, 1, 2, 4])
@pytest.mark.parametrize("state", ["partial", "window"])
def test_a_stream_answers_as_the_clip_network_that_leaves_frames_out(before: int, state: State):
    graph = elaborate(from_text(SPEC % ([before, 0, 0], 4 - before), "cut"))
    clip, stream = emit(graph).double().eval(), emit(continual(graph, state=state)).double().eval()
    assert isinstance(stream, StreamNetwork)
    randomise(clip, 3)
    stream.load_state_dict(clip.state_dict())
    frames = torch.randn(1, 2, 14, 4, 5, dtype=torch.float64)
    answers = [each for each in map(stream.forward_step, frames.unbind(2)) if each is not None]
    torch.testing.assert_close(torch.stack(answers, 2), clip(frames), rtol=0, atol=1e-12)


def test_a_crop_that_leaves_nothing_is_refused():
    with pytest.raises(SpecError, match="leaves out 10 and 4 of 14 in time, expected fewer"):
        elaborate(from_text(SPEC % ([10, 0, 0], 4), "cut"))
