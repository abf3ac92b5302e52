"""The head of an emitted file: what it is, and what it imports."""

from __future__ import annotations

import re
import textwrap

from costmodel.analysis.cost import analyze
from costmodel.emit.description import as_lines, description
from costmodel.emit.source.layout import WIDEST
from costmodel.escape import python
from costmodel.graph import Graph
from costmodel.weights import About

_STANDARD = {"OrderedDict": "from collections import OrderedDict", "Any": "from typing import Any"}
_TORCH = {
    r"torch\.": "import torch",
    r"F\.": "import torch.nn.functional as F",
    "": "from torch import Tensor, nn",
}


def header(graph: Graph, text: str, about: About | None = None) -> str:
    """The docstring and the imports of a file with this text; `about` is what its weights file says."""
    totals = analyze(graph).totals
    kind = "frame by frame on a stream" if graph.is_stream else "on whole clips"
    facts = [f"{totals['params']:,} parameters"]
    if graph.is_stream:
        source = graph.source
        shape = f"(batch, {source.channels}, {source.height}, {source.width})"
        facts += [
            f"{totals['macs_per_frame']:,} multiply-adds a frame",
            f"{totals['state_floats']:,} numbers of state",
            f"first answer after {totals['delay']} frames, settled after {totals['warmup']}",
        ]
    else:
        shape = f"(batch, {', '.join(map(str, graph.source))})"
        facts += [f"{totals['macs_per_clip']:,} multiply-adds a clip"]
    lines = [f'"""{python(graph.name)}, {kind}: input {shape}.', "", *_wrapped(f"{'; '.join(facts)}."), '"""']
    told = [python(line) for line in as_lines(description(graph, about))]
    lines[-1:] = ["", *told, '"""']
    # Only what the text uses: a linter would complain of the rest.
    standard = [imported for name, imported in _STANDARD.items() if re.search(rf"\b{name}\b", text)]
    torch = [imported for name, imported in _TORCH.items() if re.search(rf"\b{name}", text)]
    blocks = [lines, ["from __future__ import annotations"], standard, torch]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDEST, break_long_words=False, break_on_hyphens=False)
