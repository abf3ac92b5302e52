"""Which layers of a spec get sampled frames, and that all of them can take such frames."""

from __future__ import annotations

from costmodel.errors import ShapeError
from costmodel.graph import Node
from costmodel.ops.sampling import Sgs


class Sampled:
    """The layers behind samplers, as a network is put together.

    Bins stand in the order of their distance and not of time, and each clip has a number of its own: no
    figure tells that, so that a network which mixes them with frames would be priced and then run wrong.
    """

    def __init__(self) -> None:
        self._behind: dict[str, Sgs] = {}  # the last sampler ahead of each

    def add(self, node: Node) -> None:
        """Takes the next layer.

        Raises:
            ShapeError: it would join sampled frames with others, or sample them again.
        """
        ahead = [self._behind.get(name) for name in node.inputs]
        found = next((op for op in ahead if op is not None), None)
        if found is not None and None in ahead:
            raise ShapeError(
                "would join sampled frames with all frames, as the sampler is in one of its branches; "
                "put the sampler behind it"
            )
        sampler = node.op if isinstance(node.op, Sgs) else None
        if found and sampler and not (_is_in_blocks(found) and _is_in_blocks(sampler)):
            raise ShapeError(
                "samples again what is sampled already, and bins have no order in time; sample once, or both "
                "times in blocks (`block`) of a fixed number of bins (`active`)"
            )
        if last := sampler or found:
            self._behind[node.name] = last


def _is_in_blocks(op: Sgs) -> bool:
    return op.block > 0 and op.active is not None
