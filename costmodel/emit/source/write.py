"""A graph as a Python file that needs only torch, written as a person would."""

from __future__ import annotations

from torch import nn

from costmodel.emit.modules.texts import streams
from costmodel.emit.modules.written import TEXTS
from costmodel.emit.source.class_text import class_text
from costmodel.emit.source.classes import Classes
from costmodel.emit.source.header import header
from costmodel.emit.source.helpers import helpers
from costmodel.emit.source.parameters import RESERVED
from costmodel.emit.source.plans import plans_of
from costmodel.emit.source.tree import tree_of
from costmodel.errors import EmitError
from costmodel.graph import Graph
from costmodel.names import class_name
from costmodel.weights import About

# What a module of torch, or the base of an emitted network, has of its own
_TAKEN = frozenset({*dir(nn.ModuleDict()), *dir(nn.Sequential()), *dir(streams.StreamNetwork)})


def source_text(graph: Graph, about: About | None = None) -> str:
    """The network as standalone source; its state_dict has the names of the emitted module.

    Args:
        graph: the network.
        about: what the file of its weights says, for the docstring.

    Raises:
        EmitError: an op cannot be written as a file of its own, or a size is not a number.
    """
    if not all(isinstance(node.count, int) and node.count == 1 for node in graph.nodes):
        raise EmitError(f"{graph.name}: has free repeats; give the depth a value")
    if graph.chunk > 1:
        raise EmitError(
            "--chunk: source runs frame by frame; leave it out, or take torch-export or onnx of --rank 5"
        )
    # A layer called `forward` or `train` would take the place of the method.
    _must_be_attributes(graph)
    root = tree_of(graph)
    taken = RESERVED | TEXTS
    classes = Classes(plans_of(graph, root), class_name(graph.name, taken), taken)
    body = "\n\n\n".join(class_text(each, graph) for each in classes)
    forms = [line.form for group in root.walk() for line in group.lines]
    carried = helpers(forms, body, graph.is_stream)
    return "\n\n\n".join(filter(None, (header(graph, f"{carried}\n{body}", about), carried, body))) + "\n"


def _must_be_attributes(graph: Graph) -> None:
    """Raises EmitError where the part of a layer's name cannot be an attribute of its module."""
    for node in graph.nodes:
        for part in node.name.split("."):
            if part in _TAKEN:
                raise EmitError(
                    f"{node.name}: {part!r} is a name that torch's modules have; choose another name"
                )
