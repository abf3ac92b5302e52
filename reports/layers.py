"""A page of every layer that a spec may have: what it does, an example, and how it runs on a stream."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from fractions import Fraction
from importlib import import_module

from costmodel import escape
from costmodel.errors import TransformError
from costmodel.escape import Markup
from costmodel.graph import Graph, Node
from costmodel.network import Network
from costmodel.ops import OPS, Op
from costmodel.spec import from_text
from costmodel.spec.fields import fields_of
from costmodel.transforms.continual import Continual
from reports.layer_examples import INPUT, examples_of
from reports.tables import markdown

HEAD = """# Layers

Every layer that a spec may have, made by `report layers --out docs` from the layers themselves; a test keeps
it up to date. A layer is a word, or a word with fields: those without a default must be given. Sizes are
numbers or arithmetic; three of them are time, height and width, one alone stands for all three. Any layer
also takes `name`, `as`, `from`, `when` and `written`; merges take named branches, lists of layers, beside
their fields. `squeeze_excite` is a block of such layers that stands among them.

Each example is a layer of 8 channels, 8 frames and maps of 8 x 8. Beside it stands what `--continual` makes
of it: what it keeps between frames (channels x frames x height x width) and which frames an answer sees,
counted from the one that it is aligned with, or why it is refused.
"""
NOTES = """
## What remembers

Recurrent layers, pools over all frames so far and attention over a window answer alike in clip and stream
from the first frame on; a clip starts from nothing, as a new stream does, whatever `init` says. Kernels of
`conv_lstm` and `conv_gru` are odd and keep the size of the map; weights are `weight_ih` and `weight_hh`,
gates in the order of torch's `lstm` and `gru` (i, f, g, o; r, z, n), and one `bias`. A window of attention
longer than the clip is refused, as is a key of other frames than the query's. The first frames of a clip
have fewer to attend to, and their multiply-adds are counted so: a clip of T frames has
N T - N (N - 1) / 2 pairs of frames. A step of a stream counts N.
"""
COLUMNS = ("layer", "what it does", "fields and defaults", "example", "as a stream")


def layers() -> str:
    """The page in Markdown."""
    families: dict[str, list[str]] = {}
    for word, op in OPS.items():
        families.setdefault(op.__module__, []).append(word)
    parts = [HEAD]
    for module in sorted(families):
        title = (import_module(module).__doc__ or "").split("\n")[0].rstrip(".")
        rows = [row for word in families[module] for row in _rows(word)]
        parts.append(f"\n## {title}\n\n{markdown(rows, COLUMNS)}")
    return "".join(parts) + NOTES


def _rows(word: str) -> Iterator[Mapping[str, object]]:
    """A row for each example; what is said of the layer stands in the first."""
    said = {
        "layer": Markup(f"`{word}`"),
        "what it does": prose(about(OPS[word])),
        "fields and defaults": fields_and_defaults(word),
    }
    for example in examples_of(word):
        lines = example if example.startswith("[") else f"[{example}]"
        graph = Network(from_text(f"name: example\ninput: {INPUT}\nnetwork: {lines}\n")).graph()
        yield said | {"example": Markup(f"`{example}`"), "as a stream": prose(streamed(graph, word))}
        said = dict.fromkeys(said, Markup(""))


def about(op: type[Op]) -> str:
    """What its docstring says, on one line."""
    return " ".join(inspect.cleandoc(op.__doc__ or "").split())


def prose(text: str) -> Markup:
    """Text of our own whose code between backticks stays code."""
    parts = text.split("`")
    return Markup(
        "`".join(each if number % 2 else escape.markdown(each) for number, each in enumerate(parts))
    )


def fields_and_defaults(word: str) -> Markup:
    """The fields of a layer, those that need not be given with what they are then."""
    defaults = {field.name: field.default for field in dataclasses.fields(OPS[word])}
    shown = (
        f"`{name}`" if each.required else f"`{name}` {_default(name, defaults[name])}"
        for name, each in fields_of(word).items()
    )
    return Markup(", ".join(shown))


def _default(name: str, value: object) -> str:
    match value:
        case None if name == "padding":
            return "half the kernel"
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case tuple():
            return f"[{', '.join('all' if each is None else str(each) for each in value)}]"
        case Fraction():
            return f"{float(value):g}"
    return str(value)


def streamed(graph: Graph, word: str) -> str:
    """What the continual transform makes of a layer: what it keeps and sees, or why it is refused."""
    try:
        stream = Continual()(graph)
    except TransformError as error:
        return f"refused: {str(error).partition(': ')[2]}"
    # by its name, as the frame-by-frame form may be another op: the last frame is then every frame
    name = next(each.name for each in reversed(graph.nodes) if isinstance(each.op, OPS[word]))
    node = stream.by_name[name]
    kept = [f"{name} {each}" for name, each in _kept(stream, node).items()]
    sees = "all frames so far" if stream.windows[node.name].unbounded else _seen(stream, node)
    return f"keeps {', '.join(kept)}; {sees}" if kept else sees


def _kept(stream: Graph, node: Node) -> Mapping[str, object]:
    """What a layer keeps between frames, by name, as a type of that many frames."""
    kept = node.op.carry(*stream.inputs_of(node)).kept if node.op.is_step_form else {}
    return {name: each for name, each in kept.items() if each.time}


def _seen(stream: Graph, node: Node) -> str:
    """The frames that one answer sees, counted from its own, and how long a branch waits for others."""
    window = stream.windows[node.name]
    waits = (stream.windows[each.name].wait for each in stream.nodes if each.op.is_wait)
    waiting = "".join(f"; a branch waits for {wait} frame{'s' * (wait != 1)}" for wait in waits)
    if (window.span, window.before) == (0, 0):
        return f"each frame alone{waiting}"
    first, last = (f"{int(end):+d}" if end else "0" for end in (window.first, window.last))
    return (f"frame {first}" if first == last else f"frames {first} to {last}") + waiting
