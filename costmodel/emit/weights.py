"""Weights that people already have: checkpoints read without trusting them, their layout detected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from costmodel.emit.weights_file import read_content, shown, tensors_of
from costmodel.emit.weights_format import read_weights
from costmodel.errors import EmitError
from costmodel.spec.document import shipped_folder
from costmodel.spec.load import read
from costmodel.weights import is_weights_file

MOST_NAMES_SHOWN = 4
OWN = "costmodel"
_SUB_BATCH_NORM = re.compile(r"(.+)\.bn\.(running_mean|running_var|num_batches_tracked)")
_BLOCK = re.compile(r"(res\d+\.\d+)\.(.+)")

Rules = tuple[tuple[re.Pattern[str], str], ...]


@dataclass(frozen=True)
class Layout:
    """How a published checkpoint names its tensors: rules for whole names, and for names inside a block."""

    name: str
    marker: str
    rules: Rules
    blocks: Rules

    def rename(self, name: str) -> str | None:
        """The name of the same tensor in our network, or None where no rule fits."""
        renamed = _first_match(self.rules, name)
        block = None if renamed is None else _BLOCK.fullmatch(renamed)
        if block is None:
            return renamed
        inside = _first_match(self.blocks, block[2])
        return None if inside is None else f"{block[1]}.{inside}"


@dataclass(frozen=True)
class Loaded:
    """What was read: the layout, how many tensors, and which were left out."""

    layout: str
    tensors: int
    unexpected: tuple[str, ...] = ()


def load_weights(network: nn.Module, path: str | Path, *, strict: bool = True) -> Loaded:
    """Reads a checkpoint into a network: our own, or one of the published layouts.

    Args:
        network: an emitted network, clip or stream.
        path: a safetensors file, or of `torch.save` a state dict or a checkpoint that holds one.
        strict: whether tensors of the checkpoint that the network does not have are refused.

    Raises:
        EmitError: the file cannot be read, holds anything but tensors and plain values, or tensors are
            missing, unexpected or of the wrong shape; the network is as it was before.
    """
    found = read_checkpoint(path)
    layout, tensors = _renamed(found, network)
    wanted = network.state_dict()
    optional = {name for name in wanted if name.endswith("num_batches_tracked")}
    missing = sorted(map(shown, set(wanted) - set(tensors) - optional))
    unexpected = sorted(
        shown(name) for name in set(tensors) - set(wanted) if not name.endswith("num_batches_tracked")
    )
    wrong = [
        f"{shown(name)} is {tuple(tensors[name].shape)}, expected {tuple(wanted[name].shape)}"
        for name in sorted(set(wanted) & set(tensors))
        if tensors[name].shape != wanted[name].shape
    ]
    problems = [
        ("missing", missing),
        ("unexpected", unexpected if strict else []),
        ("of the wrong shape", wrong),
    ]
    told = [f"{len(names)} tensors {what}: {_some(names)}" for what, names in problems if names]
    if told:
        raise EmitError(f"{path}: {layout} layout; {'; '.join(told)}")
    network.load_state_dict(
        {name: tensor for name, tensor in tensors.items() if name in wanted}, strict=False
    )
    return Loaded(layout, len(wanted) - len(missing), tuple(unexpected))


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a file of weights by name, of safetensors or torch.save; nothing in it is run.

    Raises:
        EmitError: the file is missing, truncated, foreign, would run code, or holds what are no weights.
    """
    if is_weights_file(path):
        return read_weights(path)[1]
    return tensors_of(Path(path), read_content(Path(path)))


def _renamed(found: Mapping[str, Tensor], network: nn.Module) -> tuple[str, dict[str, Tensor]]:
    plain = _without_sub_batch_norm(found)
    layout = next((each for each in layouts() if each.marker in plain), None)
    if layout is None:
        return OWN, plain
    renamed: dict[str, Tensor] = {}
    for name, tensor in plain.items():
        renamed[layout.rename(name) or name] = tensor
    return layout.name, renamed


def _without_sub_batch_norm(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names as a network without sub-batch norm has them: its merged statistics stand one level deeper."""
    plain: dict[str, Tensor] = {}
    for name, tensor in found.items():
        if ".split_bn." in name:
            continue
        inner = _SUB_BATCH_NORM.fullmatch(name)
        is_sub = inner is not None and f"{inner[1]}.weight" in found
        plain[f"{inner[1]}.{inner[2]}" if is_sub and inner is not None else name] = tensor
    return plain


@cache
def layouts() -> tuple[Layout, ...]:
    """The published layouts, from specs/checkpoints."""
    found = []
    for path in sorted((shipped_folder() / "checkpoints").glob("*.yaml")):
        for name, item in read(path).value.items():
            fields = item.value
            found.append(
                Layout(name, fields["marker"].value, _rules(fields["rules"]), _rules(fields["blocks"]))
            )
    return tuple(found)


def _rules(item: Any) -> Rules:
    return tuple((re.compile(rule.value[0].value), rule.value[1].value) for rule in item.value)


def _first_match(rules: Rules, name: str) -> str | None:
    for pattern, replacement in rules:
        match = pattern.fullmatch(name)
        if match is not None:
            return match.expand(replacement)
    return None


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMES_SHOWN
    return ", ".join(names[:MOST_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
