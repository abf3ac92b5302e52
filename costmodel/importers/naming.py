"""Names of our layers: the module's own, and the word of the layer where a module has several."""

from __future__ import annotations

import re

from torch import fx

from costmodel.graph import INPUT


class Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = {INPUT}
        self._numbers: dict[str, int] = {}

    def of(self, node: fx.Node, word: str, *, is_own: bool) -> str:
        """A name for a layer that a node becomes.

        Args:
            node: the call.
            word: what specs call the layer.
            is_own: whether the layer is what the call does, not what has to stand ahead of it.
        """
        path = path_of(node)
        if is_leaf(node):
            path, _, last = path.rpartition(".")
            word = last if is_own else word
        name = f"{path}.{word}" if path else word
        # A module that is called again, such as one ReLU for all, is several layers.
        return self._free(plain(name))

    def _free(self, base: str) -> str:
        name = base
        while name in self._taken:
            self._numbers[base] = self._numbers.get(base, 1) + 1
            name = f"{base}_{self._numbers[base]}"
        self._taken.add(name)
        return name


def path_of(node: fx.Node) -> str:
    """The path of the module that makes a call; empty for the network itself."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    path = str(stack[-1][0]) if stack else ""
    return re.sub(r"@\d+", "", path)  # torch numbers the calls of a module that is called again


def owners_of(node: fx.Node) -> tuple[tuple[str, str], ...]:
    """The path and the class of each module that a call stands in, the outermost first."""
    stack = node.meta.get("nn_module_stack", {}).values()
    return tuple((str(path), _class_name(kind)) for path, kind in stack)


def is_leaf(node: fx.Node) -> bool:
    """Whether the module that makes a call is one of torch's own layers."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    name = _class_name(stack[-1][1]) if stack else ""
    return name.startswith("torch.nn.modules.") and "container" not in name


def _class_name(kind: str | type) -> str:
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def plain(name: str) -> str:
    """A name that specs take."""
    parts = [re.sub(r"[^A-Za-z0-9_-]+", "_", part) or "_" for part in name.split(".")]
    return ".".join(parts)[:200]
