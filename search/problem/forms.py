"""Axes that are no sizes: the form of a network, and the fields of its transforms."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from costmodel.errors import CostModelError, OptionError, nearest
from costmodel.network import Network
from costmodel.options import Option
from costmodel.spec.axes import FORM
from costmodel.transforms import TRANSFORMS, Transform

CLIP = "clip"
STREAMS = ("continual", "causal", "dissect")  # the forms of a stream, where none are named
MOST = 1000

AnyNetwork = TypeVar("AnyNetwork", bound=Network)


@dataclass(frozen=True)
class Choice:
    """An axis of a transform: `form`, or a field such as `continual.pool`, and its values as written."""

    name: str
    values: tuple[str, ...]

    @property
    def word(self) -> str:
        """The transform whose field it is."""
        return self.name.partition(".")[0]

    @property
    def field(self) -> str:
        """The field."""
        return self.name.partition(".")[2]


def parse_choice(text: str, option: str) -> Choice | None:
    """An axis of a transform from `form=continual,causal` or `continual.pool=16,64`; None of a size's.

    Without values it is every form of a stream, or every value that the field may have.

    Raises:
        OptionError: there is no such transform or field, or it takes no such value.
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if name != FORM and "." not in name:
        return None
    return checked(Choice(name, tuple(each.strip() for each in values.split(",")) if equals else ()), option)


def checked(choice: Choice, option: str) -> Choice:
    """An axis of a transform whose values can be had, all of them where none are named.

    Raises:
        OptionError: there is no such transform or field, or it takes no such value.
    """
    try:
        return replace(choice, values=tuple(_values(choice)))
    except OptionError as error:
        raise OptionError(f"{option} {choice.name}: {error}") from error


def _values(choice: Choice) -> Iterator[str]:
    if choice.name == FORM:
        for each in choice.values or STREAMS:
            _known_form(each)
            yield each
        return
    found = _field(choice)
    if not choice.values and not found.choices:
        raise OptionError(f"expected {choice.name}=A,B, each {found.expected}")
    for each in choice.values or found.choices:
        found.read(each)
        yield each


def variants(
    network: AnyNetwork, choices: Sequence[Choice]
) -> Iterator[tuple[Mapping[str, str], AnyNetwork]]:
    """Every combination of values of axes of transforms: what each is called, and the network.

    A field is left alone in a form that has no such transform.

    Raises:
        OptionError: no form has the transform of a field, or there are too many combinations.
    """
    forms = next((each.values for each in choices if each.name == FORM), (None,))
    fields = [each for each in choices if each.name != FORM]
    made = [(form, network if form is None else with_form(network, form)) for form in forms]
    for each in fields:
        if not any(_has(formed, each) for _, formed in made):
            raise OptionError(f"--over {each.name}: no form has --{each.word}; give it, or name it in form")
    number = 0
    for form, formed in made:
        own = [each for each in fields if _has(formed, each)]
        for values in itertools.product(*(each.values for each in own)):
            number += 1
            if number > MOST:
                raise OptionError(f"--over: more than {MOST} combinations of forms and their fields")
            named = {each.name: value for each, value in zip(own, values, strict=True)}
            yield ({} if form is None else {FORM: form}) | named, _with_fields(formed, own, values)


def with_form(network: AnyNetwork, form: str) -> AnyNetwork:
    """A network in a form: `clip`, `continual`, `causal` (as a stream), `dissect`, or with another transform.

    A stream's options, such as --pool, hold for every form that is made by the same transform.
    """
    _known_form(form)
    others = [each for each in network.transforms if not _makes_form(each)]
    ahead, behind = _split(others)
    words = {CLIP: (), "causal": ("causal", "continual")}.get(form, (form,))
    if form not in (CLIP, *STREAMS):
        return network.with_transform(TRANSFORMS[form]())
    own = {each.word: each for each in network.transforms}
    made = [own.get(word) or TRANSFORMS[word]() for word in words]
    return replace(network, transforms=(*ahead, *made, *behind))


def _split(transforms: Iterable[Transform]) -> tuple[list[Transform], list[Transform]]:
    """Those that change a clip network, and those that change a stream."""
    found: tuple[list[Transform], list[Transform]] = ([], [])
    for each in transforms:
        found[each.needs == "stream"].append(each)
    return found


def _makes_form(transform: Transform) -> bool:
    return transform.gives_stream or transform.word in STREAMS


def _known_form(form: str) -> None:
    known = (CLIP, *TRANSFORMS)
    if form not in known:
        raise OptionError(f"unknown form {form!r}{nearest(form, known)}")


def _field(choice: Choice) -> Option:
    if choice.word not in TRANSFORMS:
        raise OptionError(f"unknown transform {choice.word!r}{nearest(choice.word, TRANSFORMS)}")
    options = {each.name: each for each in TRANSFORMS[choice.word].options()}
    if choice.field not in options:
        raise OptionError(f"--{choice.word} has no {choice.field!r}{nearest(choice.field, options)}")
    return options[choice.field]


def _has(network: Network, choice: Choice) -> bool:
    return any(each.word == choice.word for each in network.transforms)


def _with_fields(network: AnyNetwork, choices: Sequence[Choice], values: Sequence[str]) -> AnyNetwork:
    for choice, value in zip(choices, values, strict=True):
        present = next(each for each in network.transforms if each.word == choice.word)
        changed = {choice.field: _field(choice).read(value)}
        network = network.with_transform(replace(present, **changed))
    return network


def refusal(network: Network) -> str:
    """Why there is no such network; empty where there is."""
    try:
        network.graph()
    except CostModelError as error:
        return str(error)
    return ""


def in_short(labels: Mapping[str, str]) -> str:
    """What axes of transforms are at, in few words: `causal, pool 16`."""
    return ", ".join(
        value if name == FORM else f"{name.partition('.')[2]} {value}" for name, value in labels.items()
    )


def in_words(labels: Mapping[str, str]) -> str:
    """What axes of transforms are at: `form causal, continual.pool 16`."""
    return ", ".join(f"{name} {value}" for name, value in labels.items())
