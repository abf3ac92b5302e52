"""A tiny continual network with random weights, and the loop that runs it on sources."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import torch
from tiny_network import SPEC

from costmodel.emit import StreamNetwork, emit
from costmodel.emit.backends import Runner
from costmodel.spec import elaborate
from costmodel.spec.document import from_text
from costmodel.transforms.continual import continual
from search.data.views import View
from search.live.feed import Feed
from search.live.framing import Framing
from search.live.loop import Answer, Live
from search.live.sources import source_of

VIEW = View(1, Fraction(2), 14, 14)
RATE = Fraction(15)


def stream(stride: int = 1) -> StreamNetwork:
    return _made(stride)


@cache
def _made(stride: int) -> StreamNetwork:
    torch.manual_seed(0)
    spec = SPEC.replace("channels: 1,", "channels: 3,").replace("[1, 2, 2]", f"[{stride}, 2, 2]")
    made = emit(continual(elaborate(from_text(spec, "tiny"))))
    assert isinstance(made, StreamNetwork)
    return made.eval()


def live(
    *sources: str, is_live: bool = False, rate: Fraction = RATE, chunk: int = 1, stride: int = 1
) -> Live:
    network = stream(stride)
    network.reset()
    if chunk > 1:
        network = emit(replace(network.graph, chunk=chunk)).eval()
        network.load_state_dict(stream(stride).state_dict())
        assert isinstance(network, StreamNetwork)
    feeds = [Feed(source_of(each), rate, Framing(VIEW), is_live=is_live) for each in sources]
    return Live(network, Runner(network, "eager"), feeds, rate)


def scores_of(answers: Sequence[Answer]) -> torch.Tensor:
    return torch.stack([each.scores for each in answers if each.scores is not None])
