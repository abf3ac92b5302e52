"""Changes to a clip network with which it runs frame by frame, or runs at a lower price."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod

from costmodel.analysis.reach import head_pools
from costmodel.analysis.temporal import excitation_pools
from costmodel.diagnosis.obstacles import refusals
from costmodel.edit import Editor
from costmodel.errors import CostModelError, ShapeError, TransformError
from costmodel.graph import Graph
from costmodel.ops import Op
from costmodel.transforms.base import Carries, Transform
from costmodel.transforms.causal import Causal
from costmodel.transforms.dissect import Dissect
from costmodel.transforms.flattened import convolve_flattened

MOST_COMBINED = (
    24  # kinds of refusal times what stands in for each: enough for all shipped and tested networks
)

Edit = Callable[[Graph, tuple[str, ...]], Graph]


@dataclass(frozen=True)
class Repair:
    """A clip network that runs frame by frame, and how it differs from the one that was asked about.

    Args:
        changes: what was done, one line for each kind of change; none of the network itself.
        carries: whether trained weights hold in it: exactly, as a first value, or not.
        outputs: what becomes of its answers.
        graph: the repaired clip network.
    """

    changes: tuple[str, ...]
    carries: Carries
    outputs: str
    graph: Graph


def repairs(clip: Graph) -> Iterator[Repair]:
    """All repairs that give a stream, in no order."""
    refused = refusals(clip)
    first: Repair | None = None
    for each in islice(_mended(clip, refused), MOST_COMBINED):
        if not refusals(each.graph):
            first = first or each
            yield each
    if first is None:
        return
    if excitation_pools(first.graph):
        yield _further(first, "let squeeze-excite pool each frame alone", _excite_frames, "exact")
    if any(_only_shifts_ahead(first.graph, name) for name in first.graph.by_name):
        yield _further(first, "let shifts look at the past alone", _shift_back, "initial")
    for transform in (Causal(), Causal(head_pool="cumulative"), Dissect()):
        yield from _transformed(first, transform)


def _mended(clip: Graph, refused: Mapping[str, str]) -> Iterator[Repair]:
    """The network with each combination of what stands in for the layers that refuse, by kind of layer."""
    if not refused:
        outputs = "those of the clip network away from the ends of its clip"
        if excitation_pools(clip):
            outputs += ", but for squeeze-excite"
        yield Repair((), "exact", outputs, clip)
        return
    kinds: dict[tuple[str, ...], list[str]] = {}
    for name in refused:
        kinds.setdefault((clip.by_name[name].op.word, *_ways(clip, name)), []).append(name)
    ways = [
        [(names, way, _ways(clip, names[0])[way]) for way in texts] for (_, *texts), names in kinds.items()
    ]
    if not prod(map(len, ways)):
        return
    for chosen in product(*ways):
        graph = clip
        try:
            for names, _, edit in chosen:
                graph = edit(graph, tuple(names))
        except CostModelError:  # it does not fit: another one may
            continue
        changes = tuple(f"{way} ({_places(names)})" for names, way, _ in chosen)
        same = all(way in EQUAL for _, way, _ in chosen)
        yield Repair(changes, "exact" if same else "initial", _outputs(same), graph)


def _ways(clip: Graph, name: str) -> dict[str, Edit]:
    """What may stand in for a layer that refuses, by what it does."""
    node = clip.by_name[name]
    inputs = clip.inputs_of(node)
    found: dict[str, Edit] = {text: _replaced(text) for text in _in_place(clip, name)}
    if node.op.flattens and all(clip.by_name[each].op.word == "linear" for each in clip.consumers[name]):
        found[AS_CONVOLUTION] = _convolved
    if len(node.inputs) > 1 and not found:
        found["let no layer stride in time"] = _unstrided
    if head_pools(clip) and not node.op.flattens and not clip.windows[name].whole_clip:
        found["let the pool over the clip take each frame alone"] = _pool_frames
    # Of fewer frames too, such as sampled ones: what reads them runs on all.
    is_alike = len(node.inputs) == 1 and clip.types[name].with_time(inputs[0].time) == inputs[0]
    # Of what nothing is known, nobody knows either what is left without it.
    if is_alike and name != clip.output and not node.op.is_hole:
        found["leave it out"] = _left_out
    return found


AS_CONVOLUTION = "in place of the flattened clip and the linear layer, the convolution that they are"
OTHERS = "others: train it further"
EQUAL = frozenset({AS_CONVOLUTION})


def _outputs(same: bool) -> str:
    if not same:
        return OTHERS
    return "those of the clip network, with the linear layer's weights in the shape of the convolution's"


def _places(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _replaced(text: str) -> Edit:
    def edit(graph: Graph, names: tuple[str, ...]) -> Graph:
        editor = Editor(graph)
        for name in names:
            editor.replace(name, _in_place(graph, name)[text])
        return editor.graph()

    return edit


def _convolved(graph: Graph, names: tuple[str, ...]) -> Graph:
    editor = Editor(graph)
    for name in names:
        node = graph.by_name[name]
        (x,) = graph.inputs_of(node)
        convolve_flattened(editor, graph, node, frames=x.time)
    return editor.graph()


def _left_out(graph: Graph, names: tuple[str, ...]) -> Graph:
    editor = Editor(graph)
    for name in names:
        editor.bypass(name)
    return editor.graph()


def _unstrided(graph: Graph, names: tuple[str, ...]) -> Graph:
    editor = Editor(graph)
    for node in graph.nodes:
        editor.replace(node.name, node.op.without_stride())
    try:
        return editor.graph()
    except ShapeError as error:
        raise TransformError(str(error)) from error


def _only_shifts_ahead(graph: Graph, name: str) -> bool:
    """Whether a layer takes frames to come as they are, so that no padding moves it back."""
    node, window = graph.by_name[name], graph.windows[name]
    return not node.op.slides and not window.whole_clip and bool(window.last > 0 and _in_place(graph, name))


def _in_place(graph: Graph, name: str) -> Mapping[str, Op]:
    node = graph.by_name[name]
    return node.op.in_place(*graph.inputs_of(node))


def _shift_back(graph: Graph) -> Graph:
    editor = Editor(graph)
    for name in graph.by_name:
        if _only_shifts_ahead(graph, name):
            editor.replace(name, next(iter(_in_place(graph, name).values())))
    return editor.graph()


def _pool_frames(graph: Graph, names: tuple[str, ...]) -> Graph:
    return _of_each_frame(graph, head_pools(graph))


def _excite_frames(graph: Graph) -> Graph:
    return _of_each_frame(graph, excitation_pools(graph))


def _of_each_frame(graph: Graph, names: frozenset[str]) -> Graph:
    editor = Editor(graph)
    for name in names:
        editor.of_each_frame(name)
    return editor.graph()


def _further(first: Repair, text: str, edit: Callable[[Graph], Graph], carries: Carries) -> Repair:
    weakest: Carries = first.carries if carries == "exact" else carries
    outputs = "those of the stream as it is" if carries == "exact" else OTHERS
    return Repair((*first.changes, text), weakest, outputs, edit(first.graph))


def _transformed(first: Repair, transform: Transform) -> Iterator[Repair]:
    try:
        graph = transform.prepared(first.graph) if transform.gives_stream else transform(first.graph)
        if graph.nodes == first.graph.nodes or refusals(graph):  # nothing to change, or no stream
            return
    except CostModelError:  # not every network can be made causal, or dissected
        return
    yield replace(
        first,
        changes=(*first.changes, transform.flags),
        carries="none" if "none" in (first.carries, transform.carries) else "initial",
        outputs=OTHERS,
        graph=graph,
    )
