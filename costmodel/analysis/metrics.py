"""Every figure of a network, one function each: what it means, its unit, and the source of its rule.

What one figure alone needs is imported by its function: a command that asks for another does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import prod

from costmodel.analysis.figures import Figures
from costmodel.analysis.phases import macs_of_steps
from costmodel.analysis.rates import IN_SECONDS
from costmodel.analysis.reach import clip_reach, head_pools
from costmodel.analysis.reach import lookahead as stream_lookahead
from costmodel.errors import OptionError, nearest
from costmodel.graph import INPUT, Node
from costmodel.numbers import Number, divide, is_exact, maximum, plus, times, where
from costmodel.ops.base import macs_of, params_of

# Figures that hang on the order in which layers run: no formula gives them, and no sweep.
OF_ORDER = ("peak_activation_floats", "activation_bytes", "training_bytes")

Layer = Callable[[Figures, Node], Number]
Network = Callable[[Figures], Number]


@dataclass(frozen=True)
class Metric:
    """A figure of a whole network (`total`), and of one layer where it has a meaning there (`layer`)."""

    name: str
    unit: str
    source: str
    total: Network
    layer: Layer | None = None

    @property
    def meaning(self) -> str:
        """What the figure is, in one sentence."""
        return (self.layer or self.total).__doc__ or ""


METRICS: dict[str, Metric] = {}
NOT_AS_PRINTED = "c_I divided by groups; a bias is counted apart, once for each output and not c_I times"


def _register(metric: Metric) -> None:
    if metric.name in METRICS:
        raise OptionError(f"metric {metric.name!r} is registered twice")
    METRICS[metric.name] = metric


def network(unit: str, source: str = "") -> Callable[[Network], Network]:
    """Registers a function of the whole network as the metric of its name."""

    def decorate(function: Network) -> Network:
        _register(Metric(function.__name__, unit, source, function))
        return function

    return decorate


def summed(unit: str, source: str = "") -> Callable[[Layer], Layer]:
    """Registers a function of a layer as the metric of its name, its total being the sum over layers."""

    def decorate(function: Layer) -> Layer:
        def total(figures: Figures) -> Number:
            return figures.total((node, function(figures, node)) for node in figures.graph.nodes)

        _register(Metric(function.__name__, unit, source, total, function))
        return function

    return decorate


def metric_named(name: str) -> Metric:
    """The metric of a name.

    Raises:
        OptionError: there is none; the message names the nearest.
    """
    if name not in METRICS:
        raise OptionError(f"unknown metric {name!r}{nearest(name, METRICS)}")
    return METRICS[name]


def evaluate(figures: Figures, name: str) -> Number:
    """One figure of a network; None where it does not apply, infinity where it is unbounded."""
    if name not in figures.evaluated:
        figures.evaluated[name] = metric_named(name).total(figures)
    return figures.evaluated[name]


@summed("values")
def params(figures: Figures, node: Node) -> Number:
    """Learned values: weights, biases, and the scale and shift of batch norms."""
    return params_of(figures.weights[node.name])


@summed("values", "Feichtenhofer 2020, Table 2 counts these alone")
def weights(figures: Figures, node: Node) -> Number:
    """Weights of convolutions and linear layers alone, without biases and norms."""
    return sum(prod(shape) for shape in figures.weights[node.name].values() if len(shape) > 1)


@network("MAC", f"Hedegaard 2022, eq. 1; {NOT_AS_PRINTED}")
def macs_per_clip(figures: Figures) -> Number:
    """Multiply-accumulates of the clip network on one clip."""
    clip = figures.clip
    return clip.total((node, macs_of(clip.work[node.name])) for node in clip.graph.nodes)


@summed("MAC", f"Hedegaard 2022, eq. 4; {NOT_AS_PRINTED}; a mean over the cycle of temporal strides")
def macs_per_frame(figures: Figures, node: Node) -> Number:
    """Mean multiply-adds per new frame; a clip network recomputes its whole clip each time."""
    return figures.per_frame(node, macs_of(figures.work[node.name]))


@network("MAC", "the largest sum over the phases of a cycle")
def macs_worst_step(figures: Figures) -> Number:
    """Multiply-accumulates of the most expensive step; of a step of several frames, all of theirs."""
    if figures.graph.chunk > 1:  # whole cycles, so that all steps cost alike
        nodes = figures.graph.nodes
        return figures.total(
            (node, macs_of(figures.work[node.name]) * figures.answers_of_step(node)) for node in nodes
        )
    if figures.cycle == 1 or not figures.graph.is_stream:
        return evaluate(figures, "macs_per_frame")
    return reduce(maximum, macs_of_steps(figures))


@summed(
    "floats",
    "Hedegaard 2022, eq. 5, ceil(d(k-1) / s) open sums; eq. 8 as Table 4 applies it: k - p - 1 frames of "
    "what the branch carries, not k - 1 of c_O; eq. 9 for each channel, which it leaves out",
)
def state_floats(figures: Figures, node: Node) -> Number:
    """Numbers kept between frames; a clip network keeps none."""
    if not figures.graph.is_stream:
        return 0
    return sum(kept.values for kept in figures.carry[node.name].kept.values())


@network("floats", "Hedegaard 2022, eq. 2")
def clip_buffer_floats(figures: Figures) -> Number:
    """Input frames that must be kept for the next run; none frame by frame, of a chunk all but its last."""
    source = figures.in_step[INPUT]
    return source.channels * source.height * source.width * (source.time - 1)


def activation_floats(figures: Figures, node: Node) -> Number:
    """Numbers in the output of a layer: eq. 3 of Hedegaard 2022 for a clip, eq. 6 for a frame."""
    return figures.in_step[node.name].values


@network("floats", "Hedegaard 2022, eq. 3 and 6")
def largest_activation_floats(figures: Figures) -> Number:
    """The largest single output of a layer."""
    return figures.largest((node, activation_floats(figures, node)) for node in figures.graph.nodes)


@network("floats", "Hedegaard 2022, sec. 3.7 and appendix A")
def worst_case_floats(figures: Figures) -> Number:
    """State (frame by frame) or clip buffer (clip) plus the largest output of a layer."""
    kept = plus(evaluate(figures, "state_floats"), evaluate(figures, "clip_buffer_floats"))
    return plus(kept, evaluate(figures, "largest_activation_floats"))


@network("floats", "liveness over the graph")
def peak_activation_floats(figures: Figures) -> Number:
    """The most numbers alive at once: a layer's inputs, its output and all that is still needed.

    Of a stream in a step that runs all layers; where strides behind delays leave none, no step holds more.
    """
    from costmodel.analysis.memory import peak_activation

    return peak_activation(figures.graph)


@network("bytes")
def weight_bytes(figures: Figures) -> Number:
    """Learned values in bytes."""
    return evaluate(figures, "params") * figures.bytes_per_value


@network("bytes")
def state_bytes(figures: Figures) -> Number:
    """State in bytes."""
    return evaluate(figures, "state_floats") * figures.bytes_per_value


@network("bytes")
def activation_bytes(figures: Figures) -> Number:
    """Peak activation in bytes."""
    return evaluate(figures, "peak_activation_floats") * figures.bytes_per_value


@network("bytes", "weights, gradients, momentum and the maps alive at the worst moment")
def training_bytes(figures: Figures) -> Number:
    """What one step of training the clip network holds at its worst moment, of a batch of clips in fp32."""
    if figures.batch is None:
        return None
    from costmodel.analysis.training import training_memory

    return training_memory(figures.graph, figures.batch).total


@summed("bytes", "each tensor moved once for each output of a layer (Williams 2009)")
def traffic_bytes(figures: Figures, node: Node) -> Number:
    """Weights, maps and state that a layer reads and writes: for one clip, or as a mean for one frame."""
    return figures.moved(node) * figures.bytes_per_value


@network("operations / byte", "Williams 2009: arithmetic intensity, two operations for each MAC")
def operations_per_byte(figures: Figures) -> Number:
    """Operations for each byte that moves: below a device's own ratio, its memory is the limit."""
    from costmodel.analysis.traffic import operations_of

    nodes = figures.graph.nodes
    amounts = ((node, figures.per_frame(node, operations_of(figures.work[node.name]))) for node in nodes)
    moved = evaluate(figures, "traffic_bytes")
    # Of views alone nothing moves, and nothing is done to it.
    return 0 if is_exact(moved) and moved == 0 else divide(figures.total(amounts), moved)


@network("frames", "R = P + delay + 1; of a clip cut to its frames")
def receptive_field(figures: Figures) -> Number:
    """Input frames from first to last that influence one answer, both included; the pool spans a clip."""
    return figures.reach[figures.graph.output].receptive_field


@network("frames", "the largest sum of before * jump over paths")
def padding(figures: Figures) -> Number:
    """How many frames before its aligned input frame an answer reaches back, by the padding of all layers."""
    return figures.reach[figures.graph.output].padding


@network("frames", "Hedegaard 2022, eq. 7 and 10, summed over the slowest path")
def delay(figures: Figures) -> Number:
    """How many frames after its aligned input frame an answer appears."""
    return figures.reach[figures.graph.output].delay


@network("frames", "as delay, without the pool over the clip, whose newest frame moves the answer at once")
def lookahead(figures: Figures) -> Number:
    """How late an answer is: the frames after a new one that the network must see before that one counts."""
    graph = figures.graph
    if graph.is_stream:
        return plus(stream_lookahead(graph), graph.chunk - 1)
    return clip_reach(graph, head_pools(graph))[graph.output].delay


@network("frames", "frame i of a chunk of K waits K - 1 - i frames")
def added_wait(figures: Figures) -> Number:
    """How many frames the first frame of a step waits for its last; part of the lookahead."""
    return figures.graph.chunk - 1 if figures.graph.is_stream else None


@network("frames", "Hedegaard 2022, sec. 3.6: r - p - 1; none where the delay is negative")
def transient(figures: Figures) -> Number:
    """Steps before the first answer of a stream."""
    if not figures.graph.is_stream:
        return None
    end = figures.timing[figures.graph.output]
    if not any(window.looks_back for window in figures.windows.values()):
        return end.delay
    return where(end.delay < 0, end.delay % end.jump, end.delay)  # the first frame that is answered at all


@network("frames", "R - 1")
def warmup(figures: Figures) -> Number:
    """Steps until the answers no longer depend on how the state was initialised."""
    return figures.timing[figures.graph.output].receptive_field - 1 if figures.graph.is_stream else None


@network("MAC / second")
def macs_per_second(figures: Figures) -> Number:
    """Mean multiply-adds a second, at the camera's rate."""
    seconds = figures.frame_seconds
    return None if seconds is None else divide(evaluate(figures, "macs_per_frame"), seconds)


def _in_seconds(frames: str) -> Network:
    def total(figures: Figures) -> Number:
        value, seconds = evaluate(figures, frames), figures.frame_seconds
        return None if value is None or seconds is None else times(value, seconds)

    total.__doc__ = f"`{frames}` in seconds, at the camera's rate."
    return total


for _frames, _seconds in IN_SECONDS.items():
    _register(Metric(_seconds, "seconds", "", _in_seconds(_frames)))


@network("nats", "Wang 2023, STEntr-Score")
def entropy(figures: Figures) -> Number:
    """The spatio-temporal entropy score of the clip network: its maps' expressiveness."""
    from costmodel.analysis.entropy import entropy_score

    return entropy_score(figures.clip.graph)


@network("layers")
def depth(figures: Figures) -> Number:
    """Convolutions on the longest path of the clip network, squeeze-excite and the head apart."""
    from costmodel.analysis.entropy import depth_of

    return depth_of(figures.clip.graph)
