"""Forms as axes: the networks that they make, and what is refused."""

from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from search.problem.forms import Choice, parse_choice, variants, with_form


def flags(network: Network) -> str:
    return " ".join(each.flags for each in network.transforms)


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("clip", ""),
        ("continual", "--continual --pool 8"),
        ("causal", "--causal --continual --pool 8"),
        ("dissect", "--dissect"),
    ],
)
def test_a_form_replaces_what_makes_the_stream_and_keeps_its_options(tiny: Path, form: str, wanted: str):
    assert flags(with_form(Network.of(tiny, transforms=[Continual(pool=8)]), form)) == wanted


def test_fields_vary_in_those_forms_that_have_them(tiny: Path):
    choices = (Choice("form", ("clip", "continual")), Choice("continual.pool", ("2", "4")))
    found = [(dict(named), flags(network)) for named, network in variants(Network.of(tiny), choices)]
    assert found == [
        ({"form": "clip"}, ""),
        ({"form": "continual", "continual.pool": "2"}, "--continual --pool 2"),
        ({"form": "continual", "continual.pool": "4"}, "--continual --pool 4"),
    ]


def test_without_values_a_field_takes_all_that_it_may_have():
    assert parse_choice("continual.state", "--over") == Choice(
        "continual.state", ("partial", "window", "smallest")
    )
    assert parse_choice("form", "--over") == Choice("form", ("continual", "causal", "dissect"))
    assert parse_choice("crop=8,16", "--over") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("form=causl", "--over form: unknown form 'causl' (did you mean 'causal'?)"),
        ("continual.pol=3", "--over continual.pol: --continual has no 'pol' (did you mean 'pool'?)"),
        ("continual.pool=0", "--over continual.pool: --pool: 0, expected 1 to 100000 input frames"),
        (
            "continual.pool",
            "--over continual.pool: expected continual.pool=A,B, each 1 to 100000 input frames",
        ),
        ("contnual.pool=3", "--over contnual.pool: unknown transform 'contnual' (did you mean 'continual'?)"),
    ],
)
def test_a_wrong_axis_of_a_transform_is_one_line(text: str, message: str):
    with pytest.raises(OptionError) as error:
        parse_choice(text, "--over")
    assert str(error.value).startswith(message)


def test_a_field_of_a_transform_that_no_form_has_is_refused(tiny: Path):
    with pytest.raises(OptionError, match=r"--over sgs.bins: no form has --sgs; give it, or name it in form"):
        list(variants(Network.of(tiny), (Choice("sgs.bins", ("4",)),)))
