"""How far answers behind a sampler see, measured by other numbers in place of one frame after the other.

A frame of NaN tells little there: all frames beside it come into one bin. Which bin a frame comes into
depends on all that are sampled with it, so one far from the others moves answers which it is no part of. An
answer whose bin stays empty moves with nothing, and perhaps no clip fills all bins: what is seen is at most
what is told.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.analysis.reach import first_place
from costmodel.graph import Graph
from costmodel.validation.all_bins import of_all_bins
from costmodel.validation.check import TOLERANCE, Check, not_measured
from costmodel.validation.running import frames_of, running

CLIPS = 16
FACTORS = (0.0, 5.0, -5.0, 20.0)  # of the frame put in: nothing, or so far from all others that bins move


def check_sampled_reach(figures: Figures, seed: int) -> Iterator[Check]:
    """How far a clip network with a sampler is seen to see, beside what is told: the most of many clips."""
    graph = figures.graph
    moved = _moved(graph, seed)
    jump, first = figures.timing[graph.output].jump, int(first_place(graph))
    seen = [
        (first + number * jump, frames[0], frames[-1])
        for number, each in enumerate(moved.unbind(1))
        if (frames := each.nonzero()[:, 0].tolist())
    ]
    note = (
        f"the most seen in {CLIPS} clips, each of {len(moved)} frames put in another's place; no more may be"
    )
    for name, found in (
        ("padding", [place - oldest for place, oldest, _ in seen]),
        ("delay", [newest - place for place, _, newest in seen]),
        ("receptive_field", [newest - oldest + 1 for _, oldest, newest in seen]),
    ):
        told = evaluate(figures, name)
        if not found:
            yield not_measured(name, told, "its frames come into bins that no answer sees")
            continue
        yield Check(name, told, max(found), bool(max(found) <= told), note, is_limit=True)


@torch.no_grad()
def _moved(graph: Graph, seed: int) -> Tensor:
    """Which frames (frames, answers) move which answers of a network that hands on all bins."""
    network, frames = running(of_all_bins(graph), seed), int(graph.source.time)
    random, found = torch.Generator().manual_seed(seed), list[Tensor]()
    for number in range(CLIPS):
        clip = frames_of(graph, 1, frames, seed + number)
        if number % 2:  # frames that differ in size alone, each by as much: more bins are filled
            sizes = torch.randperm(frames, generator=random) + torch.rand(frames, generator=random)
            clip = clip[:, :, :1] * (3 * sizes / frames).to(clip.dtype).view(1, 1, -1, 1, 1)
        others = frames_of(graph, 1, frames, seed + CLIPS + number)
        factor = FACTORS[int(torch.randint(len(FACTORS), (1,), generator=random))]
        changed = clip.repeat(frames + 1, 1, 1, 1, 1)  # the last as it was
        for frame in range(frames):
            changed[frame, :, frame] = factor * others[0, :, frame]
        answers = network(changed)
        answers = answers.reshape(*answers.shape[:2], int(graph.types[graph.output].time), -1)
        gaps = (answers[:-1] - answers[-1:]).abs()
        found.append((gaps > TOLERANCE * float(answers[-1].abs().max())).any(3).any(1))
    return torch.stack(found).any(0)
