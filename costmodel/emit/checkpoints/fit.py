"""A checkpoint's tensors under a network's names: by detection, by a mapping of one's own, or by order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from costmodel.emit.checkpoints.by_order import in_order, order_note
from costmodel.emit.checkpoints.detect import Attempt, attempts
from costmodel.emit.checkpoints.difference import COUNTERS, by_shape, some
from costmodel.emit.checkpoints.layout import OURS, Layout, layouts, layouts_of
from costmodel.emit.checkpoints.nearest import nearest_layouts, nearest_told
from costmodel.emit.checkpoints.prefixes import without_counters, without_sub_batch_norms
from costmodel.emit.weights_file import shown
from costmodel.errors import EmitError

BY_ORDER = "by order"
MEAN = "running_mean"  # stands beside each count of batches


@dataclass(frozen=True)
class Reading:
    """How the names of a checkpoint are read.

    Args:
        mapping: a file of rules to use in place of the known layouts.
        by_order: whether tensors are taken in their order, names apart.
        strict: whether tensors that the network does not have are refused.
        spare: names of the network whose tensors may have another shape; those are left out.

    Raises:
        EmitError: both a mapping and the order were asked for.
    """

    mapping: Path | None = None
    by_order: bool = False
    strict: bool = True
    spare: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.mapping is not None and self.by_order:
            raise EmitError("--by-order: takes no names, expected it without --mapping")


@dataclass(frozen=True)
class Fitted:
    """A checkpoint under a network's names, and what was done to it.

    Args:
        tensors: by our names, in our shapes.
        layout: how its names were read.
        prefix: what stood ahead of them.
        unexpected: tensors that the network does not have, by the checkpoint's names; left out.
        outside: those left out because they stand apart from the network, or because a rule drops them.
        reshaped: how many have axes of size 1 more or less.
        note: what a reader must know; mostly nothing.
    """

    tensors: Mapping[str, Tensor]
    layout: str
    prefix: str = ""
    unexpected: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    reshaped: int = 0
    note: str = ""

    @property
    def told(self) -> str:
        """What was done, in words."""
        parts = [f"{self.layout} layout" if self.layout != BY_ORDER else BY_ORDER]
        if self.prefix:
            parts.append(f"below {self.prefix!r}")
        if self.reshaped:
            parts.append(f"{self.reshaped} with axes of size 1 more or less")
        left = (*self.unexpected, *self.outside)
        if left:
            parts.append(f"{len(left)} left out: {some([shown(name) for name in left])}")
        return ", ".join(parts)


def fit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], reading: Reading | None = None) -> Fitted:
    """A checkpoint's tensors under the names of a network.

    Args:
        found: the checkpoint's, by its own names, in its order.
        wanted: the network's `state_dict`.
        reading: how names are read; by the known layouts, if not given.

    Raises:
        EmitError: they are another network's; what differs in the nearest layouts is named.
        SpecError: the mapping is wrong.
    """
    reading = reading or Reading()
    merged = without_sub_batch_norms(found)
    # Counters are left out of the comparison and put back at the end: many checkpoints lack them.
    plain = without_counters(merged)
    shapes = by_shape(wanted)
    if reading.by_order:
        return Fitted(in_order(plain, shapes), BY_ORDER, note=order_note(shapes))
    known = (OURS, *layouts()) if reading.mapping is None else layouts_of(reading.mapping)
    tried = list(attempts(plain, shapes, known, reading.spare))
    fitting = [each for each in tried if each.fits(strict=reading.strict)]
    if reading.mapping is not None:
        # A rule of one's own that finds nothing is told first: it is likely what the rest fails by.
        nearest = next(iter(fitting or nearest_layouts(tried)), None)
        _must_all_be_used(nearest.layout if nearest else known[0], nearest.prefix if nearest else "", plain)
    if not fitting:
        raise EmitError(nearest_told(tried, plain, known, strict=reading.strict))
    _must_be_one(fitting)
    best = fitting[0]
    unexpected = best.difference.unexpected
    tensors = {**best.tensors, **dict(_counters(best, merged, wanted))}
    return Fitted(tensors, best.layout.name, best.prefix, unexpected, best.outside, best.reshaped)


def _counters(
    best: Attempt, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """The counts of batches beside the running means, where the checkpoint has them."""
    for ours in wanted:
        theirs = best.names.get(ours.removesuffix(COUNTERS) + MEAN, "") if ours.endswith(COUNTERS) else ""
        count = found.get(theirs.removesuffix(MEAN) + COUNTERS)
        if theirs and count is not None and count.numel() == 1:
            yield ours, count.reshape(())


def _must_be_one(fitting: Collection[Attempt]) -> None:
    """Raises EmitError where tensors could be taken in two ways, such as a network and its average."""
    first, *others = fitting
    for other in others:
        if other.names != first.names:
            ours = next(name for name in first.names if first.names[name] != other.names.get(name))
            both = f"{shown(first.names[ours])!r} and {shown(other.names[ours])!r}"
            raise EmitError(f"{both} could both be {ours!r}, expected one network; --mapping FILE says which")


def _must_all_be_used(layout: Layout, prefix: str, found: Mapping[str, Tensor]) -> None:
    """Raises SpecError where a rule of one's own names no tensor: written wrong, or for another file."""
    names = [name[len(prefix) :] for name in found if name.startswith(prefix)]
    for rule, place in zip(layout.rules, layout.places, strict=True):
        if not any(rule.match(name) is not None for name in names):
            pattern = place.value[0].value
            raise place.error(f"{pattern!r} names no tensor of the checkpoint, expected at least one")
