"""The forms of state that a stream is not in: the same answers, another state. And the other way to begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from costmodel.analysis.figures import Figures
from costmodel.emit.build import emit
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph
from costmodel.transforms.retime import retime
from costmodel.validation.check import Check, equal
from costmodel.validation.costs import state_check
from costmodel.validation.equality import compared
from costmodel.validation.frames import frames_to_settle
from costmodel.validation.known import known
from costmodel.validation.maps import on_maps, smallest
from costmodel.validation.reference import Reference
from costmodel.validation.rounding import Rounding
from costmodel.validation.running import running
from costmodel.validation.undrawn import Undrawn


def forms_of(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """The same stream in every form of state that it is not in."""
    forms: dict[str, Graph] = {"smallest": retime(graph)}
    # An op with one form has it at both ends.
    for form, place in (("partial", 0), ("window", -1)):
        nodes = (replace(node, op=node.op.forms[place]) for node in graph.nodes)
        forms[form] = replace(graph, nodes=tuple(nodes))
    return ((form, other) for form, other in sorted(forms.items()) if other.nodes != graph.nodes)


def check_forms(graph: Graph, seed: int = 0) -> Iterator[Check]:
    """The answers of the same stream with every other form of state and another start, and what it holds."""
    reduced = smallest(graph)
    network = running(reduced, seed)
    assert isinstance(network, StreamNetwork)
    clips, answers_known = known(reduced, seed)
    clip, expected = clips[:1, :, : frames_to_settle(Figures(reduced))], answers_known[:1]
    rounding = Rounding(reduced, network.layers, clip)
    held = {"own": state_check(graph, "state_floats")}
    for form, other in forms_of(graph):
        held[form] = state_check(other, f"state_floats_{form}")
        yield held[form]
        with Undrawn():
            stream = emit(on_maps(other, int(reduced.source.height), int(reduced.source.width)))
        assert isinstance(stream, StreamNetwork)
        # Forms differ in what is kept between frames, not in weights.
        stream.load_state_dict(network.state_dict(), assign=True)
        stream.double().eval()
        answers, found = compared(stream, clip, expected)
        yield rounding.check(f"answers_equal_with_state_{form}", found, reduced.output, f"{answers} answers")
    yield _no_form_holds_less(held)
    yield _replicated(reduced, network, clip, seed)


def _no_form_holds_less(held: Mapping[str, Check]) -> Check:
    """The numbers that the form called smallest holds, beside the fewest of all forms, as measured."""
    floats = {form: int(str(check.measured)) for form, check in held.items()}
    smallest = floats.get("smallest", floats["own"])  # one that is not made anew is the stream's own
    note = ", ".join(f"{form} {number:,}" for form, number in floats.items())
    return equal("fewest_state_floats", min(floats.values()), smallest, note)


@torch.no_grad()
def _replicated(graph: Graph, network: StreamNetwork, clip: Tensor, seed: int) -> Check:
    """A stream that starts with replicas of its first frame in every layer  (Hedegaard 2022, sec. 3.6)."""
    replicating = running(graph, seed, init="replicate")
    assert isinstance(replicating, StreamNetwork)
    output = graph.output
    expected = Reference(graph, network.layers)(clip, init="replicate", kept={output})
    rounding = Rounding(graph, network.layers, clip, "replicate")
    answers, found = compared(replicating, clip, expected[output])
    note = f"{answers} answers; windows padded by replicas of their first frame"
    return rounding.check("replicated_start_equals_the_clip_network", found, output, note)
