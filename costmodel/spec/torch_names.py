"""PyTorch's names of layers and fields, read as ours: `kernel_size`, `out_channels`, `batch_norm`.

Names alone: a layer keeps the defaults of this language, which pads windows so that strides alone make a
map smaller, and gives a convolution no bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from costmodel.ops import OPS
from costmodel.spec.fields import COMMON, fields_of, is_merge
from costmodel.spec.load import Item

WORDS: Mapping[str, str] = {"batch_norm": "bn"}
FIELDS: Mapping[str, str] = {
    "kernel_size": "kernel",
    "out_channels": "channels",
    "out_features": "channels",
    "hidden_size": "channels",
    "num_groups": "groups",
    "num_heads": "heads",
    "scale_factor": "factor",
    "output_size": "size",
    "elementwise_affine": "affine",
    "p": "rate",
}
# What PyTorch must be told, and a graph knows.
FOLLOWING = frozenset({"in_channels", "in_features", "num_features", "num_channels", "input_size", "inplace"})


def our_field(word: str, key: str) -> str:
    """What a field of a layer is called here."""
    fields, ours = fields_of(word), FIELDS.get(key, key)
    return ours if key not in fields and ours in fields else key


def their_fields(word: str) -> Mapping[str, str]:
    """PyTorch's names of the fields of a layer, and ours of each."""
    fields = fields_of(word)
    return {name: ours for name, ours in FIELDS.items() if ours in fields and name not in fields}


def likely_word(word: str) -> str | None:
    """The layer here that a class or function of PyTorch is nearest to: `conv` for `Conv3d`."""
    plain = word.lower().rstrip("d").rstrip("123")
    squeezed = {name.replace("_", ""): name for name in (*OPS, *WORDS)}
    found = squeezed.get(plain.replace("_", ""))
    return WORDS.get(found, found) if found else None


def in_our_names(layers: Item, blocks: Mapping[str, Item]) -> Item:
    """A list of layers with our names alone; a spec's own blocks keep theirs.

    Raises:
        SpecError: a field is given under both names.
    """
    if not isinstance(layers.value, list):  # which is told where layers are checked
        return layers
    return replace(layers, value=[_layer(item, blocks) for item in layers.value])


def block_in_our_names(block: Item, blocks: Mapping[str, Item]) -> Item:
    """A block whose layers have our names alone."""
    if not isinstance(block.value, dict) or "layers" not in block.value:
        return block
    layers = in_our_names(block.value["layers"], blocks)
    return replace(block, value={**block.value, "layers": layers})


def _layer(item: Item, blocks: Mapping[str, Item]) -> Item:
    if isinstance(item.value, str):
        return replace(item, value=_word(item.value, blocks))
    if not isinstance(item.value, dict) or len(item.value) != 1:
        return item
    [(theirs, given)] = item.value.items()
    word = _word(theirs, blocks)
    if word in OPS and isinstance(given.value, dict):
        given = replace(given, value=_fields(word, given.value, blocks))
    return replace(item, value={word: given})


def _word(word: str, blocks: Mapping[str, Item]) -> str:
    return word if word in blocks else WORDS.get(word, word)


def _fields(word: str, given: Mapping[str, Item], blocks: Mapping[str, Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for key, item in given.items():
        ours = our_field(word, key)
        if ours in found:
            raise item.error(f"{key} is what {ours} is, and both are given; expected one")
        is_branch = is_merge(word) and ours not in fields_of(word) and ours not in COMMON
        found[ours] = in_our_names(item, blocks) if is_branch else item
    return found
