"""Where a node of an ONNX network came from: the module's own path and line, where the exporter says them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx_ir

_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_SCOPES, _CLASSES, _TRACE, _RULE = (
    f"pkg.{name}"
    for name in (
        "torch.onnx.name_scopes",
        "torch.onnx.class_hierarchy",
        "torch.onnx.stack_trace",
        "onnxscript.rewriter.rule_name",
    )
)


@dataclass(frozen=True)
class Place:
    """Where a node came from.

    Args:
        path: of the module that makes the call.
        is_layer: whether that module does nothing else.
        file: where the call is written; the network's own file where nothing tells.
        line: the line there; the number of the node where nothing tells.
    """

    path: str
    is_layer: bool
    file: str
    line: int


def places_of(nodes: Iterable[onnx_ir.Node], file: str) -> list[Place]:
    """Where each node came from."""
    listed = list(nodes)
    own = [_of_weight(node) for node in listed]
    paths = [weight or _path(node) for node, weight in zip(listed, own, strict=True)]
    times = Counter(paths)
    containers = {path.rpartition(".")[0] for path in paths}
    found = []
    for number, (node, path) in enumerate(zip(listed, paths, strict=True), 1):
        classes = _listed(node, _CLASSES)
        # An older exporter names no classes: a module of one node, and of no others, is taken for a layer.
        is_alone = times[path] == 1 and path not in containers
        is_torchs = len(classes) > 1 and classes[-2].startswith("torch.nn.modules.")
        is_layer = bool(own[number - 1]) or is_torchs or (not classes and is_alone)
        frames = [
            each for each in _FRAME.finditer(node.metadata_props.get(_TRACE, "")) if _is_users(each["file"])
        ]
        where = (frames[-1]["file"], int(frames[-1]["line"])) if frames else (file, number)
        found.append(Place(path, bool(path) and is_layer, *where))
    return found


def folded_norms(nodes: Iterable[onnx_ir.Node]) -> int:
    """How many convolutions and linear layers a converter put a batch norm into, as far as the file tells."""
    found = set()
    for node in nodes:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm"):
            continue
        weight = str(getattr(node.inputs[1], "name", "")) if len(node.inputs) > 1 else ""
        # One exporter notes it; the other loses the name of what it has worked out anew.
        if "BatchNorm" in node.metadata_props.get(_RULE, "") or weight.startswith("onnx::Conv"):
            found.add(weight)
    return len(found)


def _of_weight(node: onnx_ir.Node) -> str:
    """The path of the module that a node's weight belongs to, where its name tells."""
    weight = str(getattr(node.inputs[1], "name", "")) if len(node.inputs) > 1 else ""
    is_layer = node.op_type in ("Conv", "ConvTranspose", "Gemm", "BatchNormalization")
    return weight.removesuffix(".weight") if is_layer and weight.endswith(".weight") else ""


def _path(node: onnx_ir.Node) -> str:
    scopes = _listed(node, _SCOPES)
    if scopes:
        return scopes[-2] if len(scopes) > 1 else ""
    parts = [part for part in str(node.name or "").split("/")[:-1] if part]
    joined: list[str] = []
    for part in parts:
        # A sequence repeats its own name: /layer1/layer1.0/conv1/Conv.
        if joined and part.startswith(f"{joined[-1]}."):
            joined.pop()
        joined.append(part)
    return ".".join(joined)


def _listed(node: onnx_ir.Node, key: str) -> list[str]:
    try:
        found = ast.literal_eval(node.metadata_props.get(key, "[]"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def _is_users(file: str) -> bool:
    return "/torch/" not in file.replace("\\", "/") and not file.startswith("<")
