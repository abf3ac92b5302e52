"""`validate`: predicted figures beside what the running network does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING

from commands.checkpoint import weights_option
from commands.command import Command
from commands.options import FORMAT, SEED
from commands.printing import show, tell
from commands.source import Source
from costmodel.analysis.rates import TIMES, time_text
from costmodel.errors import OptionError
from costmodel.heap import give_back_what_is_large, keep_what_is_freed
from costmodel.options import Option
from costmodel.spec.document import IMPLIED
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold
from reports.table import Page, Table, Text, whole

if TYPE_CHECKING:
    from costmodel.graph import Graph
    from costmodel.validation.validate import Check

COLUMNS = ("what", "predicted", "measured", "holds", "note")
NETWORK_COLUMNS = ("network", *COLUMNS)
CROP = IMPLIED["height"]

EXAMPLES = """Every figure of a network, predicted beside measured as it runs; exit code 1 where one differs.

Costs are measured at full size; what concerns time on smaller maps, with all channels, frames and layers of
the spec; outputs in float64, layer by layer, with every parameter and buffer drawn at random.

With --against only the module counts that the network was read from, which is imported and RUN, as your user:
its answers to a clip in 32 and in 64 bits, and with --continual what it computes inside a long clip, far from
both ends, where it does not see that the clip ends. What is not measured does not hold.

Examples:

    validate x3d_m                             the clip network

    validate x3d_m --continual                 the network frame by frame, beside its clip

    validate x3d_m --continual --state smallest --excite clip --pool 64

    validate out/weights.safetensors --continual          also with the weights of the file

    validate x3d_m --continual --weights x3d_m.pyth

    validate mine.yaml --weights mine.safetensors --against my/net.py:make       the module it was read from

    validate mine.yaml --weights mine.safetensors --against my/net.py:make --continual

    validate --random 20 --seed 1              networks made at random: clip, frame by frame, transformed
"""


def validate(
    source: Source | None,
    random: int | None,
    weights: Path | None,
    against: str | None,
    seed: int,
    format: str,
) -> int:
    """Prints what is predicted beside what is measured; 1 where they differ."""
    if (source is None) == (random is None):
        raise OptionError("SPEC: expected one, or --random N and no SPEC")
    if source is None and weights is not None:
        raise OptionError("--weights: are for a SPEC; name one")
    if source is None and against is not None:
        raise OptionError("--against: is for a SPEC; name one")
    smallest: list[str] = []
    left: Mapping[str, str] = {}
    if source is None:
        rows, smallest = _of_random(random or 0, seed)
    elif against is not None:
        rows = [shown(check) for check in against_module(source.taking(weights), against, seed)]
    else:
        rows, left = _of_spec(source.taking(weights), seed)
    show(page(rows, random is not None, smallest, left), format)
    # 1, the answer is no, apart from 2, a mistake of the user: for scripts and CI
    return 0 if all(row["holds"] for row in rows) else 1


def _of_spec(source: Source, seed: int) -> tuple[list[dict[str, object]], Mapping[str, str]]:
    """The checks of a network, and the totals that nothing measures, with the reason."""
    from costmodel.validation.room import is_tight, must_fit
    from costmodel.validation.totals import unmeasured
    from costmodel.validation.validate import validate as checks_of  # ahead of the memory that it leaves
    from costmodel.validation.weights import check_weights

    graph = source.graph()
    has_crop = CROP in source.document.settings(source.variant, source.settings)
    must_fit(graph, (lambda side: source.with_sizes({CROP: side}).graph()) if has_crop else None)
    if is_tight(graph):
        give_back_what_is_large()
    else:
        keep_what_is_freed()
    for note in graph.notes:
        tell(f"note: {note}")
    # Ahead of the rest, which takes longer: what is wrong with a file is told at once.
    learned = [] if source.weights is None else list(check_weights(source, source.weights, seed))
    rows = [shown(check) for check in (*checks_of(graph, seed), *learned)]
    return [_timed(graph, row) for row in rows], unmeasured(graph)


def _timed(graph: Graph, row: dict[str, object]) -> dict[str, object]:
    """A row, and beside a time in model frames what it is in camera frames and seconds, for a person."""
    value = row["predicted"]
    if row["what"] not in TIMES or not isinstance(value, int):
        return row
    return row | {"time": time_text(value, graph.every, graph.fps, None)}


def against_module(source: Source, place: str, seed: int) -> Iterator[Check]:
    """A network beside the module that a factory makes.

    Raises:
        CostModelError: there is no module, or the network is not what was read from it.
    """
    further = [each.flags for each in source.transforms if not isinstance(each, Continual | Fold)]
    if further:
        raise OptionError(f"--against: is for the network itself and its stream; leave out {further[0]}")
    if source.weights is None:
        raise OptionError("--against: needs the module's weights, --weights FILE as `import` writes it")
    from costmodel.importers import order_of
    from costmodel.validation.against import check_against

    order = order_of(source.making.axes)
    module = source.making.module(place)
    yield from check_against(source, source.weights, module, order, seed)


def _of_random(networks: int, seed: int) -> tuple[list[dict[str, object]], list[str]]:
    """The checks of networks made at random, and of each that fails the smallest that does, as a spec."""
    from costmodel.validation.random_checks import tried

    rows, smallest = [], []
    for each in range(seed, seed + networks):
        # a seed is told with each difference, so that this network alone can be made again
        for found in tried(each):
            failed = f"differ: {', '.join(found.failed)}; validate --random 1 --seed {each} repeats it"
            verdict = f"{len(found.checks)} checks {failed if found.failed else 'hold'}"
            tell(f"{found.name}: {len(found.made.graph.nodes)} layers, {verdict}")
            rows += [{"network": found.name, **shown(check)} for check in found.checks]
            if found.failed:
                smallest.append(found.smallest())
    return rows, smallest


def shown(check: Check) -> dict[str, object]:
    """A check as a row."""
    return {name: getattr(check, name) for name in (*COLUMNS, "is_limit")}


def page(
    rows: list[dict[str, object]],
    is_random: bool,
    smallest: Sequence[str] = (),
    left: Mapping[str, str] = MappingProxyType({}),
) -> Page:
    """The checks; of networks made at random, only those that differ are printed, and `smallest` specs.

    Args:
        rows: the checks.
        is_random: whether they are of networks made at random.
        smallest: specs of the smallest networks that fail.
        left: figures that nothing measures, with the reason.
    """
    columns = NETWORK_COLUMNS if is_random else COLUMNS
    failed = [row for row in rows if not row["holds"]]
    shown = Table(_limits(failed if is_random else rows), columns)
    further = {"smallest": list(smallest)} if is_random else {}
    unmeasured = [{"what": name, "reason": reason} for name, reason in left.items()]
    told = "".join(fill(f"not measured: {each['what']}: {each['reason']}", 80) + "\n" for each in unmeasured)
    return Page(
        lambda: {
            "checks": [{name: row[name] for name in columns} for row in rows],
            **further,
            **({"not_measured": unmeasured} if unmeasured else {}),
        },
        lambda: [
            *whole([shown]),
            *map(Text.of, smallest),
            Text.of(_times(rows)),
            Text.of(told + _counted(rows)),
        ],
        lambda: Table(rows, columns),
        lambda: [Table(_limits(rows), columns), Text.of(_times(rows), "md")],
    )


def _counted(rows: list[dict[str, object]]) -> str:
    differ = sum(row["holds"] is False for row in rows)
    unmeasured = sum(row["holds"] is None for row in rows)
    return f"{len(rows)} checks, {differ} differ{f', {unmeasured} not measured' if unmeasured else ''}\n"


def _limits(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Rows for a person: of a difference, the most that is allowed."""
    return [row | {"predicted": f"<= {row['predicted']:g}"} if row["is_limit"] else row for row in rows]


def _times(rows: Iterable[dict[str, object]]) -> str:
    """The predicted times in camera frames and seconds, a line each."""
    told = {row["what"]: row for row in rows if row.get("time")}  # one line, however often it was measured
    return "".join(f"{name} {row['predicted']:,} frames: {row['time']}\n" for name, row in told.items())


COMMAND = Command(
    validate,
    EXAMPLES,
    (
        Option("random", "N networks made at random; no SPEC then.", int, least=1, metavar="N"),
        *weights_option("Weights, with which it must answer right too."),
        Option("against", "The factory of the module it was read from.", metavar="FACTORY"),
        SEED,
        FORMAT,
    ),
    takes="maybe",
)
