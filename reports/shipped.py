"""The shipped specs and their variants with their figures, worked out once and kept beside them.

To work out some 200 networks takes a quarter of a minute. What is kept is of use as long as a spec says what
it said then; figures of one that was changed since are worked out anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import costmodel
from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.errors import TransformError
from costmodel.network import Network
from costmodel.readable import plain
from costmodel.spec.document import Document, document, shipped_folder, shipped_names
from reports.table import plain_json

INDEX = "figures.json"
CLIP, STREAM = ("params", "macs_per_clip"), ("macs_per_frame", "state_floats", "delay")
FIGURES = (*CLIP, *STREAM)
RATE = ("every", "fps")  # camera frames for each frame of the network, and the camera's rate of its training
# Remarks, and the axes that a search moves: no figure of a network depends on them.
_ASIDE = re.compile(r"^axes:.*?(?=^[^\s#]|\Z)|\s*(?:^|\s)#[^\n]*", re.MULTILINE | re.DOTALL)
_EXTENDS = re.compile(r"^extends:\s*[\"']?(\w+)", re.MULTILINE)

Row = Mapping[str, object]


def rows(pattern: str = "") -> Iterator[Row]:
    """A row for each shipped spec whose name, or a variant's, holds a text: `name`, `about`, figures."""
    kept = _kept()
    for name in shipped_names():
        known = kept.get(name, {})
        found = known.get("rows") if known.get("digest") == digest(name) else None
        yield from (
            (row for row in found if _holds(row, pattern))
            if isinstance(found, list)
            else _worked_out(name, pattern)
        )


def index() -> str:
    """What is kept, for all shipped specs."""
    found = {name: {"digest": digest(name), "rows": list(_worked_out(name, ""))} for name in shipped_names()}
    return plain_json(found) + "\n"


def digest(name: str) -> str:
    """What a spec says, with the specs that it extends, in this version of the rules."""
    import hashlib

    texts, each = [costmodel.__version__], name
    while each:
        text = (shipped_folder() / f"{each}.yaml").read_text("utf-8")
        texts.append(_ASIDE.sub("", text))
        base = _EXTENDS.search(text)
        each = base[1] if base and base[1] != each else ""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


@cache
def _kept() -> Mapping[str, dict[str, object]]:
    path = Path(str(shipped_folder())) / INDEX
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # a checkout that has none works all of them out
        return {}
    return found if isinstance(found, dict) else {}


def _holds(row: Row, pattern: str) -> bool:
    return pattern.lower() in str(row["name"]).lower()


def _worked_out(name: str, pattern: str) -> Iterator[Row]:
    source = document(name)
    own = {"name": name, "about": _about(name, source), "variants": " ".join(_variants(source))}
    others = (
        ({"name": f"{name} --variant {one}", "about": "", "variants": ""}, one)
        for one in _own_variants(source)
    )
    found: list[tuple[Row, str | None]] = [(own, None), *others]
    yield from ({**row, **_of(name, variant)} for row, variant in found if _holds(row, pattern))


def _about(name: str, source: Document) -> str:
    given = {key: item.value for key, item in source.root.value.items()}
    # a spec that only picks a variant of another one has no text of its own: the two say what it is
    text = given.get("description") or f"{given.get('extends', name)}, variant {source.variant}"
    return str(text).strip().split("\n")[0]


def _variants(source: Document) -> tuple[str, ...]:
    has_own_text = "description" in source.root.value
    return tuple(source.sections["variants"]) if has_own_text else ()


def _own_variants(source: Document) -> tuple[str, ...]:
    """Those of its own file: what it extends is listed by itself."""
    item = source.root.value.get("variants")
    return tuple(item.value) if item is not None else ()


def _of(name: str, variant: str | None = None) -> dict[str, object]:
    network = Network.of(name, variant)
    graph = network.graph()
    clip = Figures(graph)
    found = {each: plain(evaluate(clip, each)) for each in CLIP}
    found |= {each: plain(getattr(graph, each)) for each in RATE}
    try:
        stream = Figures(network.continual().graph())
    except TransformError:  # which `diagnose` explains
        return found | dict.fromkeys(STREAM)
    return found | {each: plain(evaluate(stream, each)) for each in STREAM}
