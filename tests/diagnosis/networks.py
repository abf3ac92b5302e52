"""Networks with something in the way of a stream, one or two obstacles each, and the class of each."""

from typing import NamedTuple

from costmodel.graph import Graph
from costmodel.network import Network
from costmodel.spec import from_text

HEAD = "  - global_pool: {name: head}\n  - linear: {channels: 5}\n"
STRIDED = "  - conv: {name: stem, channels: 4, kernel: 3, stride: [2, 1, 1]}\n"
CONV = "  - conv: {name: stem, channels: 4, kernel: 3}\n"


class Broken(NamedTuple):
    """Its layers, its class, and how many kinds of layer refuse a stream."""

    layers: str
    kind: str
    refusals: int = 1


def attention(over: str = "") -> str:
    branches = "".join(f"      {name}: [{{conv: {{channels: 4}}}}]\n" for name in ("query", "key", "value"))
    return f"  - attention:\n      name: attention\n{over}{branches}"


BROKEN = {
    "attention over the clip": Broken(CONV + attention() + HEAD, "X"),
    "attention behind a stride": Broken(STRIDED + attention() + HEAD, "X"),
    "a group norm over the clip": Broken(CONV + "  - group_norm: {groups: 2, over: clip}\n" + HEAD, "E2"),
    "an instance norm over the clip": Broken(
        CONV + "  - instance_norm: {over: clip}\n  - relu\n" + HEAD, "E2"
    ),
    "a flattened clip": Broken(CONV + "  - flatten\n  - linear: {channels: 5}\n", "X"),
    "a flattened clip read twice": Broken(
        CONV
        + "  - flatten: {as: flat}\n"
        + "  - add: {a: [{linear: {name: one, channels: 5}}], b: [{linear: {name: two, channels: 5}}]}\n",
        "X",
    ),
    "embeddings of each frame": Broken(CONV + "  - bias: {per: frame}\n" + HEAD, "E2"),
    "a factor for each value": Broken(CONV + "  - scale: {per: value}\n" + HEAD, "E2"),
    "a mean without its padding": Broken(
        CONV + "  - avg_pool: {kernel: 3, count_include_pad: false}\n" + HEAD, "E2"
    ),
    "more padding than a window has frames": Broken(
        "  - conv: {channels: 4, kernel: 3, padding: [3, 1, 1]}\n" + HEAD, "E2"
    ),
    "a pool with more padding than frames": Broken(
        CONV + "  - max_pool: {kernel: [2, 1, 1], padding: [2, 0, 0]}\n" + HEAD, "E2"
    ),
    "a convolution behind the pool over the clip": Broken(
        CONV + "  - global_pool: {name: head}\n  - conv: {name: late, channels: 5, kernel: [3, 1, 1]}\n", "E2"
    ),
    "a memory behind the pool over the clip": Broken(
        CONV + "  - global_pool: {name: head}\n  - lstm: {channels: 4}\n  - linear: {channels: 5}\n", "E2"
    ),
    "attention over frames behind the pool": Broken(
        CONV
        + "  - avg_pool: {name: head, kernel: [all, 1, 1]}\n"
        + attention("      over: window\n      frames: 1\n")
        + "  - lstm: {channels: 3}\n",
        "E2",
    ),
    "branches of unequal rates": Broken(
        "  - add:\n      crop: true\n"
        "      slow: [{conv: {channels: 4, kernel: 3, stride: [2, 1, 1]}}]\n"
        "      fast: [{conv: {channels: 4, kernel: 3}}]\n" + HEAD,
        "E2",
    ),
    "two refusals": Broken(CONV + "  - group_norm: {groups: 2, over: clip}\n" + attention() + HEAD, "X", 2),
    "squeeze-excite over the clip": Broken(CONV + "  - squeeze_excite: {reduced: 2}\n" + HEAD, "E2", 0),
    "padding on both sides": Broken(CONV + HEAD, "E1", 0),
    "a shift from both sides": Broken(
        "  - conv: {channels: 8}\n  - shift: {past: 1/8, future: 1/8}\n" + HEAD, "E1", 0
    ),
    "a shift from the future": Broken("  - add: {a: [{shift: {frames: -1}}], b: []}\n" + HEAD, "E1", 0),
    "branches that look unequally far ahead": Broken(
        "  - add: {a: [{conv: {channels: 3, kernel: 5}}], b: [{conv: {channels: 3, kernel: 3}}]}\n" + HEAD,
        "E1",
        0,
    ),
    "nothing in the way": Broken(
        "  - conv: {channels: 4, kernel: 3, causal: true}\n  - avg_pool: {kernel: [1, all, all]}\n", "E0", 0
    ),
}


def clip(layers: str) -> Graph:
    text = f"input: {{channels: 3, time: 6, height: 4, width: 4}}\nsizes: {{}}\nnetwork:\n{layers}"
    return Network(from_text(text, "tiny"), {}).graph()
