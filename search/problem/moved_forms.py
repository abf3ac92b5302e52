"""The forms that a search may take: those that `--over` names, and those that the spec's axes name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from costmodel.analysis.quantities import Limit, Quantity
from costmodel.errors import OptionError
from costmodel.spec.axes import choices_of
from costmodel.spec.document import Document
from search.problem.designs import Family
from search.problem.forms import Choice, checked, in_words, parse_choice, refusal, variants
from search.problem.steps import Form


def chosen_forms(document: Document, over: Sequence[str], axes: Sequence[str]) -> tuple[Choice, ...]:
    """The axes of transforms that a search moves, with their values.

    Args:
        document: the spec.
        over: `--over`, which replaces or adds some.
        axes: `--axes`; where it names any, those of the spec that it does not name stay as they are.

    Raises:
        OptionError: one is of a size, or takes no such value.
    """
    given = {}
    for text in over:
        choice = parse_choice(text, "--over")
        if choice is None:
            name = text.partition("=")[0]
            raise OptionError(
                f"--over {name}: expected `form` or a field of a transform, such as continual.pool=16,64; "
                "sizes move along the spec's axes, see --axes"
            )
        given[choice.name] = choice
    declared = {
        name: checked(Choice(name, values), "axes")
        for name, values in choices_of(document).items()
        if not axes or name in axes
    }
    return tuple({**declared, **given}.values())


def forms_of(family: Family, choices: Sequence[Choice]) -> tuple[tuple[Form, ...], tuple[str, ...]]:
    """The forms that a search may take, and in words which ones cannot be had; none where nothing moves.

    Raises:
        OptionError: none can be had.
    """
    if not choices:
        return (), ()
    found: list[Form] = []
    left_out: list[str] = []
    for labels, network in variants(family.network, choices):
        form = Form(labels, family.of(network))
        reason = refusal(network) or _unmoved(form.family)
        if reason:
            left_out.append(f"{in_words(labels)} is left out: {reason}")
        else:
            found.append(form)
    if not found:
        raise OptionError("; ".join(left_out))
    return tuple(found), tuple(left_out)


def _unmoved(family: Family) -> str:
    """Why an axis of the spec cannot move in a form: it is of a size that the form does not have."""
    try:
        _ = family.axes
    except OptionError as error:
        return str(error)
    return ""


def must_apply(forms: Sequence[Form], quantities: Iterable[Quantity]) -> None:
    """Refuses a figure that a network of some form does not have.

    Raises:
        OptionError: there is one.
    """
    quantities = tuple(quantities)
    for form in forms:
        figures = form.family.figures(form.family.swept.network.graph())
        for each in quantities:
            try:
                each.value(figures)
            except OptionError as error:
                raise OptionError(f"{in_words(form.labels)}: {error}") from error


def must_be_figures(limits: Iterable[Limit]) -> None:
    """Refuses multiples of what the start has where there are several.

    Raises:
        OptionError: there is one.
    """
    for each in limits:
        if each.relative:
            times = f"{each.quantity}: {float(each.bound):g}x"
            raise OptionError(f"{times} is a multiple of the start's, of which --over gives several")
