"""Counting conventions: what other tools print for a network, each as one linear table over kinds of work.

A figure is what the tool prints for the network as it is ordinarily written in PyTorch: layers as modules
of `torch.nn`, `global_pool` as AdaptiveAvgPool3d, a linear layer on maps behind `movedim`, sums and gates
as `+` and `*`, attention as functions, a recurrent layer for tools that see operators as its cell, run on
each frame (they print nothing for `nn.LSTM` on a CPU); in evaluation mode, on one clip. Where a spec says
that a layer is `written` otherwise, as a function or as an operator, tools that only see modules count it
by another table. For a stream it is what the tool's rules give for one step, without redundant frames that
it would see in a library that convolves them.
"""

from __future__ import annotations

from collections.abc import Mapping

from costmodel.analysis.convention import Convention
from costmodel.analysis.conventions.papers import PAPERS
from costmodel.analysis.conventions.tools import TOOLS
from costmodel.errors import OptionError

_REGISTERED = (*TOOLS, *PAPERS)
CONVENTIONS: Mapping[str, Convention] = {each.name: each for each in _REGISTERED}
if len(CONVENTIONS) < len(_REGISTERED):
    raise OptionError("a counting convention is registered twice")


def convention_named(name: str) -> Convention:
    """The convention of a name.

    Raises:
        OptionError: there is none; the message names the known ones.
    """
    if name not in CONVENTIONS:
        raise OptionError(f"--convention: unknown {name!r}, expected one of {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]
