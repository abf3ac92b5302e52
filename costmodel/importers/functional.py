"""Calls that overwrite their input, as calls that answer anew."""

from __future__ import annotations

import torch
from torch import fx
from torch._ops import OpOverload


def made_functional(graph: fx.Graph) -> bool:
    """Replaces calls such as `relu_` by pure ones; False where one writes into what others may see."""
    order = {node: place for place, node in enumerate(graph.nodes)}
    for node in list(graph.nodes):
        if not isinstance(node.target, OpOverload) or not node.target._schema.is_mutable:
            continue
        pure = _pure(node.target)
        source = node.args[0] if node.args else None
        if pure is None or not isinstance(source, fx.Node) or _is_seen_elsewhere(source, node):
            return False
        node.target = pure
        # From here on the overwritten tensor is what the call answers.
        later = {user for user in source.users if order[user] > order[node]}
        source.replace_all_uses_with(node, later.__contains__)
    return True


def _pure(target: OpOverload) -> OpOverload | None:
    """The op that answers what one overwrites its input with."""
    namespace, _, name = target._schema.name.partition("::")
    if not name.endswith("_") or namespace != "aten":
        return None
    packet = getattr(torch.ops.aten, name[:-1], None)
    found = getattr(packet, target._overloadname, None)
    return found if isinstance(found, OpOverload) and not found._schema.is_mutable else None


def _is_seen_elsewhere(source: fx.Node, writer: fx.Node) -> bool:
    """Whether what is overwritten is, or has, a view that another call may read."""
    if source.op != "call_function" or _is_view(source):
        return True
    return any(user is not writer and _is_view(user) for user in source.users)


def _is_view(node: fx.Node) -> bool:
    if not isinstance(node.target, OpOverload):
        return True
    # `reshape` and the like answer a view or a copy, as their schema does not tell.
    aliases = any(each.alias_info is not None for each in node.target._schema.returns)
    return not node.target._schema.is_mutable and (aliases or node.target in _MAYBE_VIEWS)


_MAYBE_VIEWS = frozenset(
    getattr(getattr(torch.ops.aten, name), overload)
    for name, overload in (
        ("reshape", "default"),
        ("flatten", "using_ints"),
        ("contiguous", "default"),
        ("chunk", "default"),
        ("dropout", "default"),
        ("feature_dropout", "default"),
        ("to", "dtype"),
        ("to", "device"),
        ("type_as", "default"),
        ("reshape_as", "default"),
        ("expand_as", "default"),
    )
    if hasattr(torch.ops.aten, name)
)
