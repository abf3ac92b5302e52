"""How many frames streams are compared on."""

from __future__ import annotations

from math import inf

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate

UNBOUNDED = 32  # frames compared where the receptive field is unbounded


def frames_compared(figures: Figures) -> int:
    """Enough for every phase of the cycle behind the warm-up."""
    reach = evaluate(figures, "receptive_field")
    behind = UNBOUNDED if reach == inf else int(reach)
    # Behind a shift that skips frames, or a pool over all so far, the first answer may come later than that.
    return max(behind, int(evaluate(figures, "delay"))) + 2 * figures.cycle + 2


def frames_to_settle(figures: Figures) -> int:
    """Enough for every layer to run at every phase of the cycle."""
    return max(int(evaluate(figures, "delay")), 0) + 2 * figures.cycle + 2
