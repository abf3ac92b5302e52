"""Where a sampler can stand: the layers of a stage, what joins its frames with others, what is behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from costmodel.analysis.head import head_of
from costmodel.conditions import equal
from costmodel.edit import Editor
from costmodel.errors import Divergence, GraphError, TransformError, nearest
from costmodel.graph import Graph, Node
from costmodel.numbers import Size, even, is_array


def stages_of(graph: Graph, wanted: str) -> Iterator[list[Node]]:
    """The layers of the stage; of one that stands in several pathways, such as `slow_res2`, those of each.

    Raises:
        TransformError: there are none; the message names the nearest.
    """
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if _is_of(node.name, wanted):
            found.setdefault("", []).append(node)
    for node in graph.nodes if not found else ():
        for place, sign in enumerate(node.name):
            if sign in "._" and _is_of(node.name[place + 1 :], wanted):
                found.setdefault(node.name[:place], []).append(node)
                break
    if not found:
        names = [each for node in graph.nodes for each in (node.name, node.name.partition(".")[0])]
        raise TransformError(
            f"--sgs: {graph.name} has no stage or layer {wanted!r}"
            + nearest(wanted, set(names), listed="analyze lists them")
        )
    yield from found.values()


def _is_of(name: str, stage: str) -> bool:
    return name == stage or name.startswith((f"{stage}.", f"{stage}_"))


def last_of(stage: Sequence[Node], wanted: str) -> Node:
    """The last layer of a stage that stands in it: where depths vary, some blocks stand in none.

    Raises:
        TransformError: it stands in some of many networks alone; its cause says in which.
    """
    for node in reversed(stage):
        count = even(node.count)
        if is_array(count) and not (count > 0).all():
            message = f"--sgs {wanted}: {node.name} stands in some of the networks alone"
            raise TransformError(message) from Divergence(count > 0)
        if not (isinstance(count, int) and count == 0):
            return node
    raise TransformError(f"--sgs {wanted}: the stage has no layers")


def is_activation(graph: Graph, node: Node) -> bool:
    """Whether a layer is a function of each value alone."""
    work = node.op.work(*graph.inputs_of(node))
    return bool(work) and all(kind.startswith("activation.") for kind in work)


def behind(nodes: Sequence[Node], samplers: frozenset[str]) -> frozenset[str]:
    """The layers whose frames are sampled."""
    found = set(samplers)
    for node in nodes:
        if any(name in found for name in node.inputs):
            found.add(node.name)
    return frozenset(found)


def with_fill(editor: Editor, samplers: frozenset[str]) -> None:
    """Lets what joins pathways with samplers of their own fill up the one that has fewer frames."""
    found = {name: frozenset({name}) for name in samplers}
    for node in list(editor):
        of_inputs = [found.get(name, frozenset()) for name in node.inputs]
        found.setdefault(node.name, frozenset().union(*of_inputs))
        if len(set(of_inputs)) > 1:
            editor.replace(node.name, node.op.filling())


def must_reach_all(graph: Graph, nodes: Sequence[Node], samplers: frozenset[str], stage: str) -> None:
    """Refuses a sampler that a layer joins with frames that were not sampled."""
    sampled_layers = behind(nodes, samplers)
    for node in nodes:
        sampled = [name in sampled_layers for name in node.inputs]
        if any(sampled) and not all(sampled):
            raise TransformError(
                f"--sgs {stage}: {node.name} would join sampled frames with all frames, as the sampler is "
                f"in one of its branches; {places(graph)}"
            )


def must_save(graph: Graph, samplers: frozenset[str], stage: str) -> None:
    """Refuses a sampler behind which nothing but the head stands."""
    sampled_layers = behind(graph.nodes, samplers) - samplers
    for node in graph.nodes:
        is_sampled = node.name in sampled_layers and node.op.is_convolution
        if is_sampled and not all(map(_is_one, node.op.kernel_on(*graph.inputs_of(node)))):
            return
    raise TransformError(
        f"--sgs {stage}: stands behind the last stage, where the head alone is left and nothing to save; "
        f"{places(graph)}"
    )


def _is_one(size: Size) -> bool:
    """Whether a size is known to be 1, in all networks where it stands for many."""
    found = even(equal(size, 1))
    return isinstance(found, int) and bool(found)


def places(graph: Graph) -> str:
    """Where a sampler could go, in words."""
    stages = list(dict.fromkeys(name.partition(".")[0] for name in graph.by_name if "." in name))
    try:
        head = head_of(graph)
        stages = [each for each in stages if each not in head]
    except GraphError:
        pass
    # Of pathways such as slow_res2 and fast_res2 the stage that all of them have.
    ends = Counter(each.partition("_")[2] for each in stages)
    stages = [end for end, number in ends.items() if end and number > 1] or stages
    return (
        f"it would go behind an early stage, such as {', '.join(stages[:2])}"
        if stages
        else "put it further ahead"
    )
