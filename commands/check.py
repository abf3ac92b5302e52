"""`check`: whether a network keeps its limits, for scripts, hooks and continuous integration."""

from __future__ import annotations

from pathlib import Path

from commands.command import Command
from commands.options import DTYPE, FORMAT
from commands.printing import show, tell, tell_missing
from commands.source import Source
from costmodel.analysis.figures import Figures
from costmodel.analysis.quantities import demand_rate, limit, notes
from costmodel.errors import OptionError
from costmodel.options import Option

EXAMPLES = """Whether a network keeps its limits, and costs no more than before.

Exit code 0 where all holds, 1 where something does not, which is told on standard error, 2 where the input is
wrong.

Examples:

    check x3d_m --continual --fps 30 --assert "lookahead<=6s" --assert "state_bytes<=24MiB"

    analyze mine.yaml --format json > main.json          on the main branch

    check mine.yaml --baseline main.json --tolerance 1%  on a change of it
"""


def check(
    source: Source,
    limits: tuple[str, ...],
    baseline: Path | None,
    tolerance: str | None,
    dtype: str,
    fps: float | None,
    format: str,
) -> int:
    """Prints what holds; 1 where something does not."""
    if not limits and baseline is None:
        raise OptionError("check: nothing to check; expected --assert METRIC<=AMOUNT, or --baseline FILE")
    if tolerance is not None and baseline is None:
        raise OptionError("--tolerance: is of a baseline; add --baseline FILE")
    from commands.heading import described
    from reports.check import Baseline, baseline_checked, limits_checked, page, tolerance_of

    asked = [limit(text, "--assert") for text in limits]
    demand_rate(asked, fps, "--assert")
    for note in notes(asked):
        tell(f"note: {note}")
    figures = Figures(source.graph(), dtype, fps)
    found = list(limits_checked(figures, asked))
    if baseline is not None:
        allowed, before = tolerance_of(tolerance or "0%"), Baseline.read(baseline)
        before.must_be_of(figures, described(source))
        found += baseline_checked(figures, before, allowed)
    tell_missing()
    show(page(found), format)
    for each in found:
        if not each.holds:
            tell(f"{source.graph().name}: {each.reason}")
    return 0 if all(each.holds for each in found) else 1


COMMAND = Command(
    check,
    EXAMPLES,
    (
        Option(
            "limits",
            "What must hold; repeatable.",
            flags="--assert",
            metavar="METRIC<=AMOUNT",
            is_repeatable=True,
        ),
        Option("baseline", "What `analyze --format json` wrote: no cost may rise.", Path, metavar="FILE"),
        Option("tolerance", "By how much a cost may rise above the baseline; 0%.", metavar="PERCENT"),
        DTYPE,
        Option("fps", "Frames a second of the camera, for limits in seconds.", float),
        FORMAT,
    ),
    takes="spec",
)
