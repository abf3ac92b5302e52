"""`list`: everything that a command line can name: specs, transforms, metrics, scores and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from commands.command import Command
from commands.options import FORMAT
from commands.printing import show
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.metrics import METRICS
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.transforms import TRANSFORMS
from reports.table import Table, page_of

COLUMNS = ("kind", "name", "about", "takes")
EXAMPLES = """What there is to name: specs with their variants, transforms, metrics, scores and more.

A pattern is part of a name or of a kind.

Examples:

    list                    all of it

    list spec               the shipped specs, each with its variants

    list x3d                whatever has x3d in its name

    list score              what a search can maximise beside any metric
"""
Row = Mapping[str, str]


def list_known(pattern: str | None, format: str) -> None:
    """Prints what there is to name."""
    rows = [row for row in known() if pattern is None or _fits(row, pattern.lower())]
    if not rows:
        kinds = ", ".join(dict.fromkeys(row["kind"] for row in known()))
        raise OptionError(f"list: no name holds {pattern!r}; expected part of a name, or a kind: {kinds}")
    show(page_of(Table(rows, COLUMNS, drop=("takes",))), format)


def known() -> Iterator[Row]:
    """A row for each thing that a command line can name: what it is, and what it takes."""
    yield from _specs()
    for word, transform in TRANSFORMS.items():
        flags = " ".join(each.flag for each in transform.options())
        yield _row("transform", f"--{word}", transform.about, flags)
    for name, metric in METRICS.items():
        yield _row("metric", name, metric.meaning, metric.unit)
    for name, convention in CONVENTIONS.items():
        yield _row("convention", name, convention.about, convention.unit)
    yield from _of_searches()


def _specs() -> Iterator[Row]:
    from costmodel.spec import document, shipped_names

    for name in shipped_names():
        found = document(name)
        given = {key: item.value for key, item in found.root.value.items()}
        # a spec that only picks a variant of another one has no text of its own: the two say what it is
        if "description" in given:
            yield _row("spec", name, str(given["description"]), " ".join(found.sections["variants"]))
        else:
            yield _row("spec", name, f"{given.get('extends', name)}, variant {found.variant}")


def _of_searches() -> Iterator[Row]:
    from search.problem.preset import description_of, preset_names
    from search.score.base import SCORES
    from search.train.recipe import load_recipe, recipe_names

    for name, place in SCORES.items():
        module, _, made = place.partition(":")
        yield _row("score", name, getattr(import_module(module), made).__doc__ or "")
    for name in recipe_names():
        recipe = load_recipe(name)
        yield _row("recipe", name, f"{recipe.epochs:g} epochs on batches of {recipe.batch}")
    for name in preset_names():
        yield _row("preset", name, description_of(name))


def _row(kind: str, name: str, about: str, takes: str = "") -> Row:
    return {"kind": kind, "name": name, "about": about.strip().split("\n")[0], "takes": takes}


def _fits(row: Row, pattern: str) -> bool:
    return pattern in row["name"].lower() or pattern == row["kind"]


COMMAND = Command(
    list_known,
    EXAMPLES,
    (Option("pattern", "Part of a name, or a kind.", is_positional=True, metavar="PATTERN"), FORMAT),
)
