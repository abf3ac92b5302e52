"""What stands in the way of a stream that answers as the clip network does, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import state_floats
from costmodel.analysis.reach import head_pools, lookahead
from costmodel.analysis.temporal import excitation_pools, timing
from costmodel.errors import TransformError
from costmodel.graph import Graph, Node
from costmodel.numbers import is_exact
from costmodel.transforms.continual import Continual
from costmodel.transforms.stream_graph import StreamGraph

# What each kind of obstacle means for the stream: it has none, it answers otherwise, or it pays.
Effect = Literal["refused", "differs", "price"]


@dataclass(frozen=True)
class Obstacle:
    """A reason why a stream is refused, answers otherwise than the clip network, or costs more than it could.

    Args:
        effect: `refused`, there is no stream with it; `differs`, answers are others; `price`, it costs frames
            of delay or numbers held.
        layers: where it stands.
        reason: what it is, in one line.
    """

    effect: Effect
    layers: tuple[str, ...]
    reason: str


def obstacles(clip: Graph) -> tuple[Obstacle, ...]:
    """All obstacles of a clip network, those that refuse a stream first."""
    refused = refusals(clip)
    reasons: dict[str, list[str]] = {}
    for name, reason in refused.items():
        reasons.setdefault(reason, []).append(name)
    found = [Obstacle("refused", tuple(names), reason) for reason, names in reasons.items()]
    squeezed = excitation_pools(clip)
    if squeezed:
        found.append(
            Obstacle(
                "differs",
                tuple(node.name for node in clip.nodes if node.name in squeezed),
                "squeeze-excite pools the whole clip; a stream pools each frame alone, or with --excite clip "
                "as many of the last",
            )
        )
    found += _prices(clip) if not refused else ()
    return tuple(found)


def refusals(clip: Graph) -> dict[str, str]:
    """The layers that have no frame-by-frame form, each with the reason."""
    stream = StreamGraph(Continual(), clip)
    found: dict[str, str] = {}
    for node in clip.nodes:
        try:
            stream.add(node)
        except TransformError as error:
            found[node.name] = str(error).removeprefix(f"{node.name}: ")
            stream.skip(node)
    return found


def _prices(clip: Graph) -> Iterator[Obstacle]:
    stream = Continual()(clip)
    ahead = tuple(node.name for node in clip.nodes if _looks_ahead(clip, node))
    frames = lookahead(stream)
    if ahead and is_exact(frames) and frames > 0:
        reason = (
            f"windows reach ahead of the frame that they answer for: answers wait for {frames} frames, and "
            "near the ends of a clip, where its zeros are, they are others"
        )
        yield Obstacle("price", ahead, reason)
    pools = head_pools(clip)
    if pools:
        names = tuple(node.name for node in clip.nodes if node.name in pools)
        yield Obstacle("price", names, "the pool over the clip becomes one over as many of the last frames")
    waits = [node for node in stream.nodes if node.op.is_wait]
    if waits:
        figures = Figures(stream)
        held = sum(state_floats(figures, node) for node in waits)
        reason = f"branches that look unequally far ahead wait for each other and hold {held:,} numbers"
        yield Obstacle("price", tuple(node.name for node in waits), reason)
    strides = tuple(node.name for node in clip.nodes if _strides(clip, node))
    if strides:
        reason = f"strides in time: an answer every {_cycle(stream)} frames, the layers behind run as rarely"
        yield Obstacle("price", strides, reason)


def _looks_ahead(clip: Graph, node: Node) -> bool:
    window = clip.windows[node.name]
    return not window.whole_clip and not window.unbounded and is_exact(window.last) and window.last > 0


def _strides(clip: Graph, node: Node) -> bool:
    stride = clip.windows[node.name].stride
    return is_exact(stride) and stride > 1


def _cycle(stream: Graph) -> int:
    return timing(stream)[stream.output].jump
