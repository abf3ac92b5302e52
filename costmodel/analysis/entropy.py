"""The spatio-temporal entropy score of a 3D CNN, without training.

Wang 2023: J. Wang et al., "Maximizing Spatio-Temporal Entropy of Deep 3D CNNs for Efficient Video
Recognition", ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import prod

from costmodel.analysis.temporal import excitation_pools, is_whole_clip
from costmodel.conditions import named
from costmodel.graph import INPUT, Graph, Node
from costmodel.numbers import Number, is_exact, log, maximum, repeated, root
from costmodel.ops import Op
from costmodel.types import TensorType

Terms = tuple[Number, ...]

SMALLEST_DISTANCE = 1e-9  # keeps a map of exactly its kernel's proportions finite: alpha is at most 20.7


def entropy_score(graph: Graph) -> Number:
    """The STEntr-Score of a clip network, in nats (Wang 2023, sec. 3, as its released code computes it).

    H = log C_L + sum over l of 1/2 log(C_(l-1) / g_l * K_t K_h K_w * alpha_l), with the refinement factor
    alpha_l = -log(1 - cos(S_l, K_l)) between the output map S_l = (T, H, W) and the kernel K_l, and
    alpha_l = 1 for 1x1x1 kernels. L is the last layer ahead of the pool over the whole clip.

    The sum runs along one path, as the code's does along the residual branches: here the one with the
    largest sum, squeeze-excite apart. Deviates in one point: 1 - cos is at least 1e-9, where the code
    divides by zero at a map of its kernel's proportions.
    """
    reached = _largest_sums(graph, graph.map(_gain))
    return reduce(maximum, (_total((*terms, log(x.channels))) for terms, x in reached))


def depth_of(graph: Graph) -> Number:
    """Convolutions on the longest path to the pool over the whole clip, squeeze-excite apart."""
    ones = graph.map(lambda op, inputs: int(op.is_convolution))
    return reduce(maximum, (_total(terms) for terms, _ in _largest_sums(graph, ones)))


def _largest_sums(graph: Graph, gains: Mapping[str, Number]) -> list[tuple[Terms, TensorType]]:
    """The largest sum of gains over the paths to each pool over the whole clip, and what that pool reads."""
    excitations = excitation_pools(graph)
    sums: dict[str, Terms] = {INPUT: ()}
    ends: list[tuple[Terms, TensorType]] = []
    for node in graph.nodes:
        # A gate only scales its first input; the path through its squeeze adds no expressiveness to the map.
        inputs = node.inputs[:1] if node.op.is_gate else node.inputs
        reached = [sums[name] for name in inputs if name in sums]
        # Behind an end: a head adds nothing to the score.
        if not reached:
            continue
        best = _largest(reached)
        if node.name not in excitations and _is_end(graph, node):
            ends.append((best, graph.inputs_of(node)[0]))
            continue
        gain = gains[node.name]
        nothing = isinstance(gain, int | float) and gain == 0
        sums[node.name] = best if nothing else _with(best, repeated(gain, node.count))
    # A network without a pool over its clip ends at its answer.
    return ends or [(sums[graph.output], graph.types[graph.output])]


def _with(terms: Terms, gain: Number) -> Terms:
    """A sum with one more term; plain numbers are added up at once, so that deep networks take no longer."""
    if terms and is_exact(terms[-1]) and is_exact(gain):
        return (*terms[:-1], terms[-1] + gain)
    return (*terms, gain)


def _largest(branches: Sequence[Terms]) -> Terms:
    """The largest of several sums: what they share as it is, then the largest of the rests."""
    if len(branches) == 1:
        return branches[0]
    shared = 0
    for terms in zip(*branches, strict=False):
        # By identity: == of arrays is an array, and of long symbolic terms slow.
        if any(term is not terms[0] for term in terms):
            break
        shared += 1
    rests = [branch[shared:] for branch in branches]
    if not any(rests):
        return branches[0]
    # Under a name of its own, or each maximum would stand in the next and formulas grow twofold at every
    # merge.
    largest = named("path", reduce(maximum, (_total(rest) for rest in rests)))
    return (*branches[0][:shared], largest)


def _total(terms: Terms) -> Number:
    """The sum of terms, small arrays first, so that few additions run over all designs."""
    return sum(sorted(terms, key=lambda term: getattr(term, "size", 1)))


def _is_end(graph: Graph, node: Node) -> bool:
    return node.op.flattens or is_whole_clip(graph, node)


def _gain(op: Op, inputs: tuple[TensorType, ...]) -> Number:
    if not op.is_convolution:
        return 0.0
    (x,) = inputs
    fan_in = op.weights(x)["weight"][1]
    return log(fan_in * prod(op.kernel_on(x)) * refinement(op, x)) / 2


def refinement(op: Op, x: TensorType) -> Number:
    """The factor -log(1 - cos(S, K)): how alike the proportions of an output map and its kernel are."""
    kernel, (_, *maps) = op.kernel_on(x), op.out(x)
    if all(isinstance(size, int) and size == 1 for size in kernel):
        return 1.0
    product = sum(size * reach for size, reach in zip(maps, kernel, strict=True))
    lengths = root(sum(size * size for size in maps) * sum(reach * reach for reach in kernel))
    return -log(maximum(1.0 - product / lengths, SMALLEST_DISTANCE))
