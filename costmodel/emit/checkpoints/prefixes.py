"""What stands ahead of the names of a checkpoint's tensors, and what its training alone needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor

from costmodel.emit.checkpoints.difference import COUNTERS

# Bounds for a stranger's names: each prefix is tried with each layout.
DEEPEST = 6
MOST_PREFIXES = 8
_SUB_BATCH_NORM = re.compile(r"(.+)\.bn\.(running_mean|running_var|num_batches_tracked)")


def prefixes(names: Iterable[str], wanted: int) -> Iterator[str]:
    """What may stand ahead of the names of so many tensors of a network, shortest first.

    `model.`, `module.module.` or `_orig_mod.` are not known by name: what stands ahead of at least half as
    many tensors as the network has may be one.
    """
    counts: Counter[str] = Counter()
    for name in names:
        parts = name.split(".", DEEPEST + 1)
        counts.update(".".join(parts[:depth]) + "." for depth in range(1, min(len(parts), DEEPEST + 1)))
    enough = [prefix for prefix, number in counts.items() if 2 * number >= wanted]
    yield from ("", *sorted(enough, key=lambda each: (each.count("."), each))[:MOST_PREFIXES])


def without_sub_batch_norms(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names as a network without sub-batch norm has them: its merged statistics stand one level deeper."""
    plain: dict[str, Tensor] = {}
    for name, tensor in found.items():
        # PySlowFast's statistics of each share of a batch; those
        # that were merged for inference stand beside, in `bn`.
        if ".split_bn." in name:
            continue
        inner = _SUB_BATCH_NORM.fullmatch(name)
        is_sub = inner is not None and f"{inner[1]}.weight" in found
        plain[f"{inner[1]}.{inner[2]}" if is_sub and inner is not None else name] = tensor
    return plain


def without_counters(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors but those that count batches: no answer depends on them, and many checkpoints lack them."""
    return {name: tensor for name, tensor in found.items() if not name.endswith(COUNTERS)}
