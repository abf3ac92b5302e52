"""Which layout a checkpoint has: the one that names all tensors of the network, of the right shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from torch import Tensor

from costmodel.emit.checkpoints.difference import Difference, fitting, shape_told
from costmodel.emit.checkpoints.layout import Layout
from costmodel.emit.checkpoints.prefixes import prefixes
from costmodel.emit.weights_file import shown

# Names that are looked at before a layout is read as a whole: prefixes times layouts would be many readings.
SAMPLE = 64
MOST_TENSORS = 20  # for each one of the network: a stranger's file may hold very many

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Attempt:
    """A checkpoint read in one layout, below one prefix.

    Args:
        layout: how its names were read.
        prefix: what was taken off ahead of them.
        names: the checkpoint's name of each tensor that is the network's.
        tensors: the values, by our names and in our shapes.
        difference: what keeps it from being the network's.
        outside: tensors that do not stand below the prefix, or that the layout drops.
        reshaped: how many have axes of size 1 more or less.
    """

    layout: Layout
    prefix: str
    names: Mapping[str, str]
    tensors: Mapping[str, Tensor]
    difference: Difference
    outside: tuple[str, ...]
    reshaped: int = 0

    def fits(self, *, strict: bool) -> bool:
        """Whether this is the network."""
        return self.difference.fits(strict=strict)


def attempts(
    found: Mapping[str, Tensor], shapes: Shapes, layouts: Collection[Layout], spare: Collection[str] = ()
) -> Iterator[Attempt]:
    """The checkpoint in each layout below each prefix, where it names at least one tensor of the network."""
    for prefix in prefixes(found, len(shapes)):
        inside = {name[len(prefix) :]: name for name in found if name.startswith(prefix)}
        if len(inside) > MOST_TENSORS * max(len(shapes), SAMPLE):
            continue
        step = max(len(inside) // SAMPLE, 1)
        for layout in layouts:
            sample = islice(inside, 0, None, step)
            if any(_renamed(layout, name, shapes) in shapes for name in sample):
                yield attempt(found, inside, prefix, shapes, layout, spare)


def attempt(
    found: Mapping[str, Tensor],
    inside: Mapping[str, str],
    prefix: str,
    shapes: Shapes,
    layout: Layout,
    spare: Collection[str] = (),
) -> Attempt:
    """The checkpoint in one layout, below one prefix; `inside` are its names by those without the prefix."""
    names: dict[str, str] = {}
    tensors: dict[str, Tensor] = {}
    outside = [name for name in found if not name.startswith(prefix)]
    unexpected, clashes = [], []
    wrong: dict[str, str] = {}
    reshaped = 0
    for short, whole in inside.items():
        ours = _renamed(layout, short, shapes)
        if not ours:
            outside.append(whole)
        elif ours not in shapes:
            unexpected.append(whole)
        elif ours in names:
            clashes.append(f"{shown(names[ours])} and {shown(whole)} are both {ours}")
        else:
            names[ours] = whole
            value = fitting(found[whole], shapes[ours])
            if value is not None:
                tensors[ours] = value
                reshaped += value.shape != found[whole].shape
            elif ours not in spare:
                wrong[ours] = shape_told(ours, found[whole], shapes[ours])
    missing = tuple(name for name in shapes if name not in names)
    # In the network's order: a safetensors file keeps none, and the same mistake should read the same.
    in_order = tuple(wrong[name] for name in shapes if name in wrong)
    difference = Difference(len(tensors), len(shapes), missing, tuple(unexpected), in_order, tuple(clashes))
    return Attempt(layout, prefix, names, tensors, difference, tuple(outside), reshaped)


def _renamed(layout: Layout, name: str, shapes: Shapes) -> str:
    renamed = layout.rename(name, shapes)
    return name if renamed is None else renamed
