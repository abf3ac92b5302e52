"""Puts a search together from its options; everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from costmodel.analysis.quantities import FLOP_NOTE, Limit, Quantity, demand_rate, limit
from costmodel.analysis.rates import checked_rate, rate_note
from costmodel.arithmetic import number
from costmodel.errors import OptionError, nearest
from costmodel.network import Network
from costmodel.numbers import Exact
from costmodel.spec import parse_set
from costmodel.spec.axes import Axis, declares_none
from search.methods.contract import check_large_start, contract
from search.methods.expand import check_start, expand
from search.methods.prefetch import Steps
from search.methods.replay import Replay, read_replay
from search.problem.designs import Family
from search.problem.forms import Choice
from search.problem.moved_forms import chosen_forms, forms_of, must_apply, must_be_figures
from search.problem.offered import outside
from search.problem.steps import Problem
from search.score.base import Expression, Score, score_named
from search.study.spec_text import spec_facts

MOST_RETRIES = 100
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Request:
    """The options of a search as they are given; those left out have their defaults here."""

    start: str | None = None
    sets: Sequence[str] = ()
    budget: str | None = None
    limits: Sequence[str] = ()
    score: str = "entropy"
    score_options: Sequence[str] = ()
    factor: Exact | float | str = 2
    axes: Sequence[str] = ()
    contract: bool = False
    replay: str | None = None
    seed: int = 0
    dtype: str = "fp32"
    repeat: int = 1
    fps: float | None = None
    batch: int | None = None
    meet: str = "best"
    over: Sequence[str] = ()


@dataclass(frozen=True)
class Prepared:
    """A search that can begin: what is searched, how its steps are made, how they are scored.

    `options` are all that its decisions depend on; `notes` what a reader must know.
    """

    problem: Problem
    steps: Steps
    score: Score
    options: Mapping[str, object]
    score_options: Mapping[str, object]
    notes: tuple[str, ...] = ()


def prepare(request: Request, network: Network) -> Prepared:
    """Checks the options of a search on a spec, in the form that the network has, and puts it together.

    Raises:
        CostModelError: an option is wrong, or the search cannot begin.
    """
    network = network.with_input_sizes()
    rate = None if request.fps is None else checked_rate(request.fps)
    family = Family(network, request.dtype, rate, request.batch)
    if not family.axes:
        raise OptionError(
            f"{network.document.name}: the spec declares no `axes`, and no sizes in `input`: nothing can move"
        )
    choices = chosen_forms(network.document, request.over, request.axes)
    forms, left_out = forms_of(family, choices)
    family = forms[0].family if forms else family
    axes = _chosen_axes(family.axes, request.axes, choices)
    replay = _replay(request, family)
    score_options = _options(request.score_options)
    score = score_named(request.score, score_options, request.dtype)
    sets = _classes(score, network) | dict(parse_set(text) for text in request.sets)
    start = replace(family.network, variant=_start(request, replay), settings=sets).sizes
    if request.repeat > 1 and isinstance(score, Expression):
        raise OptionError(f"--repeat: {score.name} is the same under every seed; it is for scores that train")
    watched = (score.quantity,) if isinstance(score, Expression) else ()
    limits = tuple(limit(text) for text in request.limits)
    budget = _budget(request)
    demand_rate((budget, *limits), rate)
    must_apply(forms, (budget.quantity, *watched, *(each.quantity for each in limits)))
    # First as written: what `16x` of the start is must be known before the budget has a figure.
    factor = _factor(request.factor)
    problem = Problem(family, axes, start, budget, limits, factor, watched, request.meet, forms)
    problem = _in_figures(problem)
    steps = _steps(request, problem, replay)
    identity = _identity(request, problem, score, replay) | _moved(choices)
    return Prepared(problem, steps, score, identity, score_options, (*_notes(problem), *left_out))


def _in_figures(problem: Problem) -> Problem:
    """The problem with the budget and limits that are multiples of the start's figures put in figures."""
    budget, limits = problem.budget, problem.limits
    if len(problem.forms) > 1:
        must_be_figures((budget, *limits))
    present = problem.first.values
    return replace(
        problem,
        budget=budget.against(present[budget.quantity.text]),
        limits=tuple(each.against(present[each.quantity.text]) for each in limits),
        offered={},
    )


def _classes(score: Score, network: Network) -> dict[str, int]:
    """As many classes as the data has that a score trains on, where the spec has the size: costs have it."""
    classes = getattr(score, "classes", None)
    return {"classes": int(classes)} if classes and "classes" in network.document.globals else {}


def _steps(request: Request, problem: Problem, replay: Replay | None) -> Steps:
    if replay is not None:
        if outside(problem.limits, problem.first):
            raise OptionError(
                f"--limit: the start is outside: {'; '.join(outside(problem.limits, problem.first))}"
            )
        return replay
    if request.contract:
        check_large_start(problem)
        return contract
    check_start(problem)
    return expand


def _replay(request: Request, family: Family) -> Replay | None:
    if request.replay is None:
        return None
    for given, name in ((request.contract, "--contract"), (request.over, "--over")):
        if given:
            raise OptionError(f"--replay: takes its steps from the file; leave {name} out")
    return read_replay(request.replay, tuple(axis.name for axis in family.axes), family.network.size_names)


def _start(request: Request, replay: Replay | None) -> str | None:
    return replay.start if request.start is None and replay is not None else request.start


def _budget(request: Request) -> Limit:
    if request.budget is not None:
        return limit(request.budget, "--budget")
    if request.replay is not None:
        # A replay takes its steps from the file, so a budget that nothing exceeds stands in.
        return Limit(Quantity("macs_per_clip"), Fraction(10**15))
    raise OptionError("--budget: is missing; expected METRIC<=AMOUNT, such as macs_per_clip<=2GMAC")


def _factor(value: Exact | float | str) -> Fraction:
    exact = number(str(value)) if not isinstance(value, Fraction) else value
    if exact is None or not 1 < exact <= 100:
        raise OptionError(f"--factor: {value}, expected a number above 1 and at most 100")
    return Fraction(exact)


def _chosen_axes(axes: Sequence[Axis], wanted: Sequence[str], choices: Sequence[Choice]) -> tuple[Axis, ...]:
    names = [*(axis.name for axis in axes), *(each.name for each in choices)]
    for name in wanted:
        if name not in names:
            raise OptionError(f"--axes: unknown {name!r}{nearest(name, names)}")
    return tuple(axis for axis in axes if not wanted or axis.name in wanted)


def _options(texts: Sequence[str]) -> dict[str, int | float | str]:
    """Options of a score: numbers where they are numbers, else text."""
    found: dict[str, int | float | str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"--with {text}: expected NAME=VALUE, an option of the score")
        exact = number(value.strip())
        # Scores of one's own get plain Python numbers, and studies keep them as JSON.
        plain = float(exact) if isinstance(exact, Fraction) else exact
        found[name.strip()] = value.strip() if plain is None else plain
    return found


def _identity(request: Request, problem: Problem, score: Score, replay: Replay | None) -> dict[str, object]:
    network = problem.family.network
    return {
        "spec": spec_facts(network.document)["spec_address"],
        "start": dict(problem.start),
        "transforms": [each.to_dict() for each in network.transforms],
        "budget": str(problem.budget),
        "bound": problem.budget.bound,
        "limits": [str(each) for each in problem.limits],
        "bounds": [each.bound for each in problem.limits],
        "factor": problem.factor,
        "axes": [axis.name for axis in problem.axes],
        "mode": "replay" if request.replay else "contract" if request.contract else "expand",
        "replay": None if replay is None else str(replay),
        "score": score.name,
        "recipe": score.recipe_at(0),
        "seed": request.seed,
        "dtype": request.dtype,
    } | _asked(request)


def _asked(request: Request) -> dict[str, object]:
    """What a decision depends on where it is asked for; searches of old knew nothing of it."""
    asked = {
        "repeat": request.repeat if request.repeat > 1 else None,
        "fps": request.fps,
        "batch": request.batch,
        "meet": None if request.meet == "best" else request.meet,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _moved(choices: Sequence[Choice]) -> dict[str, object]:
    """The forms that a search may take; searches that stay in theirs are addressed as they were before."""
    return {"over": {each.name: list(each.values) for each in choices}} if choices else {}


def _notes(problem: Problem) -> tuple[str, ...]:
    units = {problem.budget.quantity.unit, *(each.quantity.unit for each in problem.limits)}
    document = problem.family.network.document
    moved = ", ".join(axis.moves for axis in problem.axes)
    notes = [f"costs are in MACs: {FLOP_NOTE}"] if "MAC" in units else []
    notes += [f"{document.name}: declares no axes; those of its input are taken: {moved}"] * declares_none(
        document
    )
    notes += list(filter(None, [rate_note(problem.network_of(problem.first).graph(), problem.family.fps)]))
    return tuple(notes)
