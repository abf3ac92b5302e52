"""The figures of a network as closed forms in the sizes of its input, to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from costmodel.analysis.formula import formulas, is_whole
from costmodel.errors import CostModelError
from costmodel.network import Network
from costmodel.numbers import Number, exact

if TYPE_CHECKING:
    from costmodel.analysis.formula import NameValue
    from costmodel.graph import Graph

FREE = ("frames", "crop")  # what whoever runs a network may change without training it anew
TOTALS = (
    "params",
    "macs_per_clip",
    "macs_per_frame",
    "state_floats",
    "receptive_field",
    "delay",
    "lookahead",
    "warmup",
)
_POWER = re.compile(r"\*\*(\d+)")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Closed:
    """Closed forms of a network.

    Args:
        free: the sizes that they are in, with the network's own values.
        definitions: names of intermediate sizes, each with its form.
        totals: figures, each with its form.
        reason: why there is none; empty where there are.
    """

    free: Mapping[str, str]
    definitions: Sequence[tuple[str, str]]
    totals: Sequence[tuple[str, str]]
    reason: str = ""


def closed(network: Network) -> Closed:
    """The closed forms of a network, or why it has none."""
    if not network.takes_symbols:
        return Closed({}, (), (), "a transform of this network takes sizes that are numbers")
    sized = network.with_input_sizes()

    def build(values: Mapping[str, Number], name_value: NameValue) -> Graph:
        return sized.with_sizes(values).graph(name_value)

    reason = "its spec has no size that its input could be changed by"
    wanted = [name for name in FREE if name in sized.sizes]
    # a size that decides which layers exist has no form: the others are left free without it
    for names in (wanted, *([name] for name in reversed(wanted) if len(wanted) > 1)):
        try:
            whole = {name: is_whole(build, name, exact(sized.sizes[name])) for name in names}
            if names:
                return _of(sized, whole, build)
        except CostModelError as error:
            reason = str(error)
    return Closed({}, (), (), reason)


def _of(network: Network, whole: Mapping[str, bool], build: object) -> Closed:
    taken = (*network.sizes, *network.document.globals)
    found = formulas(build, whole, TOTALS, taken=taken)  # type: ignore[arg-type]
    return Closed(
        {name: str(network.sizes[name]) for name in whole},
        [(str(symbol), readable(str(each))) for symbol, each in found.used().items()],
        [(name, readable(str(each))) for name, each in found.totals.items() if each is not None],
    )


def readable(form: str) -> str:
    """A formula with raised powers and points for products."""
    if form.isdecimal():
        return f"{int(form):,}"
    raised = _POWER.sub(lambda match: match[1].translate(_RAISED), form)
    return raised.replace("*", "·")
