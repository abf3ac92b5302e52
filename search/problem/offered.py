"""What the axes offer in a step: along sizes in the form that a network has, and in every other form.

Every option has about the cost that is aimed at, so that scores compare: in another form, which costs more or
less, a size moves as far as it takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from costmodel.analysis.quantities import Limit
from search.problem.axes import TOLERANCE, Aim, Offer, offers
from search.problem.designs import Design
from search.problem.steps import Considered, Form, Problem


def options_of(problem: Problem, present: Design, aim: Aim, limits: Sequence[Limit]) -> list[Considered]:
    """The options of a step: what every axis offers from a network towards an aim.

    Networks that cannot be built or stand outside a limit are left out, with the reason.
    """
    # Prefetching asks for the same step many times over.
    key = (present.network, aim, tuple(limits))
    if key not in problem.offered:
        here = problem.form_of(present)
        made = list(_along_sizes(problem, here, present, aim, limits))
        for form in problem.in_forms:
            if form is not here:
                made += _in_form(problem, form, present, aim, limits)
        problem.offered[key] = tuple(made)
    return list(problem.offered[key])


def _along_sizes(
    problem: Problem, form: Form, present: Design, aim: Aim, limits: Sequence[Limit]
) -> Iterator[Considered]:
    made = offers(form.family, present.settings, problem.axes, aim, limits)
    rows = [offer.settings for offer in made if offer.settings is not None]
    designs = iter(problem.designs(rows, form.family))
    for offer in made:
        yield _considered(offer, next(designs) if offer.settings else None, limits, form.labels)


def _in_form(
    problem: Problem, form: Form, present: Design, aim: Aim, limits: Sequence[Limit]
) -> Iterator[Considered]:
    """The network in another form: as it is, where its cost comes near to the target, and along each axis."""
    here = problem.form_of(present).labels
    moved = ", ".join(name for name, value in form.labels.items() if here.get(name) != value)
    (design,) = problem.designs([form.sizes(present.settings)], form.family)
    alone = Considered(moved or ", ".join(form.labels), design=design, form=form.labels)
    cost = design.values.get(aim.quantity.text, math.nan)
    if design.problem or not 0 < cost < math.inf:
        yield replace(alone, reason=_refusal(design, aim, cost))
        return
    times = float(cost) / float(aim.present)
    wanted = float(aim.target) / float(aim.present)
    is_near = cost <= aim.target if aim.at_most else abs(times / wanted - 1) <= TOLERANCE
    far = "" if is_near else f"it alone gives x{times:.3g}, more than 10 % from x{wanted:.3g}"
    yield replace(alone, ratio=times, reason=far or "; ".join(outside(limits, design)))
    if cost == aim.target:
        return
    for each in _along_sizes(problem, form, design, replace(aim, present=Fraction(cost)), limits):
        yield replace(each, ratio=None if each.ratio is None else each.ratio * times)


def _refusal(design: Design, aim: Aim, cost: float) -> str:
    return f"cannot be built: {design.problem}" if design.problem else f"{aim.quantity} is {cost}"


def _considered(
    offer: Offer, design: Design | None, limits: Sequence[Limit], form: Mapping[str, str]
) -> Considered:
    option = Considered(
        offer.axis, offer.value, design, offer.ratio, reason=offer.reason, note=offer.note, form=form
    )
    if design is None:
        return option
    if design.problem:
        return replace(option, reason=f"cannot be built: {design.problem}")
    return replace(option, reason="; ".join(outside(limits, design)))


def outside(limits: Sequence[Limit], design: Design) -> list[str]:
    """The limits that a network breaks, in words."""
    values = ((limit, design.values[limit.quantity.text]) for limit in limits)
    return [
        f"{limit.quantity} is {limit.shown(value)}, outside {limit}"
        for limit, value in values
        if not limit.holds(value)
    ]
