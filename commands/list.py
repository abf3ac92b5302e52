"""`list`: everything that a command line can name: specs, transforms, metrics, scores and more."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from commands.command import Command
from commands.options import FORMAT
from commands.printing import show
from costmodel.analysis.conventions import CONVENTIONS
from costmodel.analysis.metrics import METRICS
from costmodel.analysis.rates import brief_time
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.transforms import TRANSFORMS
from reports.compare import short
from reports.shipped import FIGURES, RATE
from reports.shipped import rows as shipped
from reports.table import Page, Table, whole

COLUMNS = ("kind", "name", "about", "takes")
SHOWN = {"params": "params", "macs_per_frame": "MACs", "state_floats": "state"}
NETWORKS = ("name", *SHOWN.values(), "delay", "about")
EXAMPLES = """What there is to name: specs with their variants, transforms, metrics, scores and more.

Specs stand with their parameters, and with the multiply-adds, the state and the delay of the network frame by
frame. The delay is in model frames, in camera frames, and in seconds at the camera's rate of the training. A
pattern is part of a name, or a kind.

Examples:

    list                    all of it

    list spec               the shipped specs and their variants

    list x3d                whatever has x3d in its name

    list score              what a search can maximise beside any metric
"""
Row = Mapping[str, object]


def list_known(pattern: str | None, format: str) -> None:
    """Prints what there is to name."""
    wanted = (pattern or "").lower()
    networks = list(_specs("" if wanted in ("", "spec") else wanted))
    others = [row for row in known() if not wanted or _fits(row, wanted)]
    if not (networks or others):
        kinds = ", ".join(dict.fromkeys(("spec", *(str(row["kind"]) for row in known()))))
        raise OptionError(f"list: no name holds {pattern!r}; expected part of a name, or a kind: {kinds}")
    show(_page(networks, others), format)


def _page(networks: Sequence[Row], others: Sequence[Row]) -> Page:
    shown = [_shown(row) for row in networks]
    title = "networks frame by frame; delay: model frames / camera frames / seconds"
    tables = [
        Table(shown, NETWORKS, title, drop=("about", "params")),
        Table(others, COLUMNS, "" if not networks else "what options take", drop=("takes",)),
    ]
    rows = [*networks, *others]
    return Page(lambda: rows, lambda: whole(tables), lambda: Table(rows, (*COLUMNS, *FIGURES, *RATE)))


def _shown(row: Row) -> Row:
    delay, every, fps = (row[name] for name in ("delay", *RATE))
    figures = {title: short(name, row[name]) for name, title in SHOWN.items()}
    told = brief_time(delay, every, fps, None) if isinstance(delay, int) else delay
    return {**row, **figures, "delay": told}


def known() -> Iterator[Row]:
    """A row for each thing but networks that a command line can name: what it is, and what it takes."""
    for word, transform in TRANSFORMS.items():
        flags = " ".join(each.flag for each in transform.options())
        yield _row("transform", f"--{word}", transform.about, flags)
    for name, metric in METRICS.items():
        yield _row("metric", name, metric.meaning, metric.unit)
    for name, convention in CONVENTIONS.items():
        yield _row("convention", name, convention.about, convention.unit)
    yield from _of_searches()


def _specs(pattern: str) -> Iterator[Row]:
    for row in shipped(pattern):
        plain = {key: value for key, value in row.items() if key != "variants"}
        yield {**plain, "kind": "spec", "takes": row["variants"]}


def _of_searches() -> Iterator[Row]:
    from search.problem.preset import description_of, preset_names
    from search.score.base import SCORES
    from search.train.recipe import load_recipe, recipe_names

    for name, place in SCORES.items():
        yield _row("score", name, _about_class(*place.split(":")))
    for name in recipe_names():
        recipe = load_recipe(name)
        yield _row("recipe", name, f"{recipe.epochs:g} epochs on batches of {recipe.batch}")
    for name in preset_names():
        yield _row("preset", name, description_of(name))


def _about_class(module: str, name: str) -> str:
    """The docstring of a class, read from its file: to import a score loads torch, which takes seconds."""
    found = find_spec(module)
    assert found is not None
    assert found.origin is not None
    body = ast.parse(Path(found.origin).read_text("utf-8")).body
    (made,) = (each for each in body if isinstance(each, ast.ClassDef) and each.name == name)
    return ast.get_docstring(made) or ""


def _row(kind: str, name: str, about: str, takes: str = "") -> Row:
    return {"kind": kind, "name": name, "about": about.strip().split("\n")[0], "takes": takes}


def _fits(row: Row, pattern: str) -> bool:
    return pattern in str(row["name"]).lower() or pattern == row["kind"]


COMMAND = Command(
    list_known,
    EXAMPLES,
    (Option("pattern", "Part of a name, or a kind.", is_positional=True, metavar="PATTERN"), FORMAT),
)
