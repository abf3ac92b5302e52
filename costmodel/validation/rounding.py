"""How far rounding alone may carry the outputs of a network, measured on the network itself.

Deep and recurrent networks amplify: of two orders of adding the same numbers the first layer differs by a
few roundings, the last one by billions of them. So every layer's output is changed at random, by far more
than rounding changes it, and how far each layer moves tells how far rounding may move it (Parker 1997, Monte
Carlo arithmetic). A mistake is no rounding: it changes the layer that makes it by a large share at once,
where little has been amplified yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isnan, sqrt

import torch
from torch import Tensor
from torch.linalg import vector_norm

from costmodel.emit.modules import Layer
from costmodel.graph import Graph
from costmodel.ops import Op
from costmodel.validation.check import TOLERANCE, Check, within
from costmodel.validation.reference import Reference

CHANGE = 1e-12  # of each output, as a share of its size: 5,000 roundings of 64 bits
ROUNDINGS = 64  # that one layer may make of an output: sums of thousands of products have several
MOST = 1e-3  # a network of which rounding may make more than this tells nothing apart

AT_ONCE = 32  # frames

Most = Mapping[str, float]


class Rounding:
    """The largest share by which rounding may move each layer of a network, measured once it is asked for.

    Nearly every network stays within `TOLERANCE`, and is not run a second time.

    Args:
        graph: a stream or a clip network.
        layers: its running layers, in 64 bits.
        clip: the input.
        init: what stands ahead of the clip.
        precision: in which the outputs were computed that are compared.
    """

    def __init__(
        self,
        graph: Graph,
        layers: Mapping[str, Layer[Op]],
        clip: Tensor,
        init: str = "zeros",
        precision: torch.dtype = torch.float64,
    ) -> None:
        self._measure: Callable[[], Most] = lambda: _moved(graph, layers, clip, init)
        self._roundings = ROUNDINGS * torch.finfo(precision).eps / CHANGE
        self._found: Most | None = None

    def most(self, layer: str) -> float:
        """What a difference may come to at a layer: never more than `MOST`, which no mistake stays within."""
        if self._found is None:
            self._found = self._measure()
        return min(MOST, max(TOLERANCE, self._found[layer] * self._roundings))

    def check(self, what: str, found: float, layer: str, note: str = "", least: float = TOLERANCE) -> Check:
        """A check that a difference at a layer is only rounding, `least` being allowed of every network."""
        if found <= least:
            return within(what, found, note, least)
        most = max(least, self.most(layer))
        return within(what, found, f"{note}; {told(layer, most)}" if most > least else note, most)


def told(layer: str, most: float) -> str:
    """What is said of a network whose rounding may come to more than that of others."""
    return f"rounding ahead of {layer} may come to {most:.1g} of its largest value there, as measured"


def _moved(graph: Graph, layers: Mapping[str, Layer[Op]], clip: Tensor, init: str) -> Most:
    """How far each layer moves when every output ahead of it is changed, as a share of its largest."""
    generator, found, batch = torch.Generator().manual_seed(0), dict[str, float](), len(clip)

    def changed(name: str, outputs: Tensor) -> Tensor:
        if not outputs.numel():
            found[name] = 0.0
            return outputs
        outputs = outputs.clone()  # it may be what another layer answered
        exact, moved = outputs[:batch], outputs[batch:]
        # By the size of the whole: a value near zero is the
        # difference of large ones, and its rounding is theirs.
        size = CHANGE * float(vector_norm(moved)) / sqrt(moved.numel())
        largest, most = float(exact.abs().max()), 0.0
        # So many frames at once, as nothing else of long clips takes as much memory as their numbers.
        for each, beside in zip(torch.split(moved, AT_ONCE, 2), torch.split(exact, AT_ONCE, 2), strict=True):
            noise = torch.rand(each.shape, generator=generator, dtype=each.dtype)
            each.add_(noise.mul_(2).sub_(1).mul_(size))
            share = float((each - beside).abs_().max())
            most = max(most, inf if isnan(share) else share)
        found[name] = most / (largest or 1.0)
        return outputs

    # Both side by side, as two halves of a batch: so no output is kept longer than the next layer needs it.
    Reference(graph, layers, changed=changed)(torch.cat((clip, clip)), init=init, kept=())
    for node in graph.nodes:
        # What only a stream has, such as a delay, hands on what it reads.
        if node.name not in found:
            found[node.name] = found[node.inputs[0]]
    return found
