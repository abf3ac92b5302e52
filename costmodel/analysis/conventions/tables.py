"""Parts that the tables of several conventions share."""

from __future__ import annotations

from costmodel.analysis.convention import Table
from costmodel.analysis.kinds import SAMPLING_MACS

DENSE: Table = {"mac.conv": 1, "mac.linear": 1, "mac.recurrent": 1, "mac.matmul": 1}
MACS: Table = {**DENSE, "mac.transposed": 1}
SAMPLED: Table = dict.fromkeys(SAMPLING_MACS, 1)
RECURRENT: Table = {"bias.recurrent": 1, "gates.add": 1, "gates.mul": 1}


def pools(
    coefficient: int,
    amount: str = "inputs",
    pools: tuple[str, ...] = ("avg", "max", "global", "adaptive_avg", "adaptive_max"),
) -> Table:
    """What counts for each value that pools read, or write."""
    return {f"pool.{pool}.{amount}": coefficient for pool in pools}


def norms(plain: int, affine: int, kinds: tuple[str, ...] = ("layer", "group", "instance")) -> Table:
    """What counts for each value that norms normalise, and for each that they scale and shift."""
    return {
        **{f"norm.{kind}": plain for kind in kinds},
        **{f"norm.{kind}.affine": affine for kind in kinds},
    }
