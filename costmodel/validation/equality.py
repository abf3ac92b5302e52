"""Frame-by-frame outputs beside the clip's, layer by layer, at every phase of the cycle, in float64."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import torch
from torch import Tensor
from torch.linalg import vector_norm

from costmodel.analysis.figures import Figures
from costmodel.analysis.temporal import Timing, timing
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import INPUT, Graph
from costmodel.validation.check import TOLERANCE, Check, difference, equal, within
from costmodel.validation.frames import frames_compared
from costmodel.validation.long_clip import LongClip
from costmodel.validation.maps import cut_down, small
from costmodel.validation.needs import one_cycle_in
from costmodel.validation.picked import Picked
from costmodel.validation.rounding import Rounding, told
from costmodel.validation.running import frames_of, running, shown

ALL = Picked()
AT_ONCE = 16  # frames whose outputs are compared at once: all of a stream's are many numbers


@dataclass
class Divergence:
    """The largest difference so far, as a share of a layer's largest value, and the first layer that differs.

    Args:
        graph: the stream.
        expected: what the clip network answers, by layer; what is picked of it but for the last layer's.
        rounding: how far each layer may be moved by rounding alone.
        picked: the outputs that are compared.
    """

    graph: Graph
    expected: Mapping[str, Tensor]
    rounding: Rounding
    picked: Picked
    times: Mapping[str, Timing] = field(init=False)
    largest: float = 0.0
    at: dict[str, tuple[float, int]] = field(default_factory=dict)
    scales: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.times = timing(self.graph)

    def compare(self, layer: str, numbers: Sequence[int], outputs: Tensor) -> None:
        """Compares outputs of a layer, (batch, channels, time, height, width), with the clip's by number."""
        for at in range(0, len(numbers), AT_ONCE):
            self._compare(layer, numbers[at : at + AT_ONCE], outputs[:, :, at : at + AT_ONCE])

    def _compare(self, layer: str, numbers: Sequence[int], outputs: Tensor) -> None:
        expected, jump = self.expected[layer], self.times[layer].jump
        if layer not in self.scales:
            self.scales[layer] = float(vector_norm(expected, inf)) if expected.numel() else 1.0
        # One that has no number is never left out.
        picked = self.picked if layer != self.graph.output else Picked()
        rows = [row for row, number in enumerate(numbers) if number < 0 or picked.has(number, jump)]
        if len(rows) < len(numbers):
            numbers, outputs = [numbers[row] for row in rows], outputs[:, :, rows]
        if not numbers:
            return
        places = picked.places(numbers, jump) if min(numbers) >= 0 else []
        found = [inf] * len(numbers)
        known = expected[:, :, places] if places and max(places) < expected.shape[2] else expected[:, :, :0]
        if outputs.shape == known.shape:
            most = (outputs - known).abs_().amax((0, 1, 3, 4))
            found = (most / (self.scales[layer] or 1.0)).nan_to_num(nan=inf, posinf=inf).tolist()
        for number, share in zip(numbers, found, strict=True):
            self.largest = max(self.largest, share)
            if share > self.at.get(layer, (0.0, 0))[0]:
                self.at[layer] = share, number

    def check(self, what: str, note: str) -> Check:
        """What was found; where it fails, the first layer that diverges."""
        most = {name: self.rounding.most(name) for name, (found, _) in self.at.items() if found > TOLERANCE}
        wrong = [layer for layer in most if self.at[layer][0] > most[layer]]
        if wrong:
            first = next(node.name for node in self.graph.nodes if node.name in wrong)
            found, number = self.at[first]
            note = f"{first} is the first to diverge, by {found:.2g} at its output {number}"
            return within(what, self.largest, note, most[first])
        if not most:
            return within(what, self.largest, note)
        last = max(most, key=lambda layer: self.at[layer][0])
        return within(what, self.largest, f"{note}; {told(last, most[last])}", most[last])


def check_equality(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """The steps of a stream, and its `forward(clip)`, beside the clip network."""
    graph = small(graph)
    figures = Figures(graph)
    network = running(graph, seed)
    assert isinstance(network, StreamNetwork)
    picked = Picked(figures.cycle, one_cycle_in(graph))
    clip, outputs = clip_and_outputs(graph, network, frames_compared(figures), seed, picked=picked)
    expected = expected_outputs(graph, outputs, picked)
    rounding = Rounding(graph, network.layers, clip)
    yield from _steps(network, clip, Divergence(graph, expected, rounding, picked))
    yield _forward(network, clip, Divergence(graph, expected, rounding, picked))


def clip_and_outputs(
    graph: Graph,
    network: StreamNetwork,
    frames: int,
    seed: int,
    kept: Collection[str] | None = None,
    picked: Picked = ALL,
    batch: int = 1,
) -> tuple[Tensor, Mapping[str, Tensor]]:
    """So many frames, and what the clip network answers to a longer clip that begins with them.

    The longer one ends where nothing that a stream knows by then sees its end. Of all layers but the last the
    outputs that are picked.
    """
    clip_network, times = LongClip(graph, network.layers), timing(graph)
    names, lengths = list(clip_network.clip.by_name), clip_network.lengths
    # A stream's answers by then: none sees a frame that has not come.
    known = {name: (frames - 1 - int(times[name].delay)) // times[name].jump + 1 for name in names}
    length = clip_network.whole(frames)
    counts = dict[str, int]()

    def held(name: str, outputs: Tensor) -> Tensor:
        counts[name] = outputs.shape[2]
        return outputs if name == INPUT else picked.of(outputs, times[name].jump)

    while True:
        # Also of layers whose outputs are not kept: a crop that leaves out the last frames may stand ahead of
        # padding that makes up for them. And none may be left without frames to run on.
        growing = [name for name in names if name in lengths.growing]
        is_long = all(clip_network.answered(name, length) >= max(1, known[name]) for name in growing)
        if is_long or length > 4 * frames:
            clip = frames_of(graph, batch, length, seed)
            outputs = clip_network(clip, kept, held)
            counts |= {name: each.shape[2] for name, each in outputs.items() if name not in counts}
            short = [name for name in names if name in outputs and counts[name] < known[name]]
            if not short or length > 4 * frames:
                return clip[:, :, :frames], outputs
        length = clip_network.whole(length + max(clip_network.lengths.cycle, frames // 8))


def first_answered(graph: Graph) -> int:
    """The number of the first output that a stream answers; those ahead of its first frame never come."""
    end = timing(graph)[graph.output]
    return max(0, -int(end.delay // end.jump))


def answers_due(graph: Graph, frames: int) -> int:
    """How many answers a stream has given after so many frames."""
    end = timing(graph)[graph.output]
    return max(0, (frames - 1 - int(end.delay)) // end.jump + 1) - first_answered(graph)


def expected_outputs(
    graph: Graph, clip_outputs: Mapping[str, Tensor], picked: Picked = ALL
) -> Mapping[str, Tensor]:
    """The reference of every node: a delay hands on what it reads, a subsample every s-th frame."""
    found, times = dict(clip_outputs), timing(graph)
    for node in graph.nodes:
        if node.name in found:
            continue
        (read,), stride = node.inputs[:1], graph.windows[node.name].stride
        found[node.name] = picked.strided(found[read], times[read].jump if read != INPUT else 1, stride)
    return found


@torch.no_grad()
def _steps(network: StreamNetwork, clip: Tensor, found: Divergence) -> Iterator[Check]:
    """Every output of every layer, from the first on: a fresh stream has the clip's padding ahead of it."""
    times, answered = found.times, dict.fromkeys(found.expected, 0)
    network.reset()
    for part in torch.split(clip, AT_ONCE, dim=2):
        with network.recording() as record:
            for frame in part.unbind(2):
                network.forward_step(frame)
        for layer, outputs in record.items():
            delay, jump = int(times[layer].delay), times[layer].jump
            # Windows that the stream has not filled yet nobody reads.
            due = [(divmod(step - delay, jump), output) for step, output in outputs if step >= delay]
            if due:
                # An output between two that are due is one too
                # many: -1 is no number, and counts as a difference.
                numbers = [number if rest == 0 else -1 for (number, rest), _ in due]
                found.compare(layer, numbers, torch.stack([output for _, output in due], dim=2))
                answered[layer] += len(due)
    layers, frames = len(network.graph.nodes), clip.shape[2]
    note = f"{layers} layers, {frames} frames, input {network.graph.source.with_time(frames)}"
    note += cut_down(network.graph) + found.picked.told
    yield found.check("steps_equal_the_clip_network", note)
    # A stream that answers nothing would differ from nothing.
    known = answers_due(network.graph, frames)
    yield equal("answers", known, answered[network.graph.output], f"to {frames} frames")
    silent = [layer for layer in network.layers if not answered[layer]]
    yield equal("layers_without_an_output", 0, len(silent), ", ".join(silent[:3]))


@torch.no_grad()
def _forward(network: StreamNetwork, clip: Tensor, found: Divergence) -> Check:
    """`forward(clip)`, which has no padding: what it answers is what the stream answers from warm-up on."""
    times, answered = found.times, 0

    def see(layer: str, step: int, outputs: Tensor) -> None:
        nonlocal answered
        first, at = network.first_output(layer), times[layer]
        # Behind a delay that was moved its last answers come later, and see the end of what is expected.
        due = (clip.shape[2] - 1 - int(at.delay)) // at.jump + 1
        count = min(outputs.shape[2], due - first)
        if count > 0:
            found.compare(layer, range(first, first + count), outputs[:, :, :count])
        answered = outputs.shape[2] if layer == network.graph.output else answered

    with shown(network, see):  # not recorded: there are as many numbers as are expected
        network(clip)
    return found.check(
        "forward_equals_the_clip_network", f"{answered} answers from warm-up on, layer by layer"
    )


@torch.no_grad()
def compared(network: StreamNetwork, clip: Tensor, expected: Tensor) -> tuple[int, float]:
    """How many answers a stream gives to a clip when nothing is recorded, and their largest difference."""
    network.reset()
    answers = [output for _, output in plain_steps(network, clip)]
    return len(answers), share_of(network.graph, answers, expected, clip.shape[2])


def plain_steps(network: StreamNetwork, clip: Tensor) -> Iterator[tuple[int, Tensor]]:
    """A stream's answers to a clip, and their steps: what records nothing may overwrite what it reads.

    Frames and answers are overwritten behind each step: a state that shares their memory would show.
    """
    for step, frame in enumerate(clip.unbind(2)):
        # In the layout that the network runs in, so that it has no reason to copy the frame.
        given = frame.clone(memory_format=torch.channels_last)
        output = network.forward_step(given)
        # The caller's memory, which is the next frame's in a real program.
        given.fill_(torch.nan)
        if output is not None:
            answer = output.clone()
            output.fill_(torch.nan)
            yield step, answer


def share_of(graph: Graph, answers: Sequence[Tensor], expected: Tensor, frames: int) -> float:
    """How far all answers of a stream to so many frames are from what the clip network answers."""
    first = first_answered(graph)
    expected = expected[:, :, first : first + len(answers)]
    if not answers or len(answers) != answers_due(graph, frames) or expected.shape[2] != len(answers):
        return inf
    return difference(torch.stack(tuple(answers), dim=2).reshape(expected.shape), expected)
