"""Specs extend each other, choose variants, and take values from outside."""

from fractions import Fraction
from pathlib import Path

import pytest

import costmodel
from costmodel.errors import SpecError
from costmodel.spec import document, elaborate, from_text, parse_set, shipped_names

BASE = """
input: {channels: 3, time: frames, height: 8, width: 8}
sizes: {frames: 4, width: 8}
variants: {long: {frames: 16}, longer: {extends: long, width: 16}}
network: [{conv: {channels: width}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_spec_extends_another_and_adds_to_its_sections(folder: Path):
    child = write(folder, "child.yaml", "extends: base\nvariant: longer\nsizes: {width: 12}\nname: child\n")
    graph = costmodel.load(child)
    assert graph.name == "child longer"
    assert graph.types[graph.output][:2] == (16, 16)
    assert costmodel.load(child, variant="long").types["conv"][:2] == (12, 16)


def test_a_value_set_wins_over_the_variant(folder: Path):
    graph = costmodel.load(str(folder / "base.yaml"), variant="longer", frames=5)
    assert graph.types["conv"][:2] == (16, 5)


def test_a_shipped_spec_may_be_extended_from_any_folder(folder: Path):
    mine = write(folder, "mine.yaml", "extends: x3d\nvariant: S\nsizes: {classes: 7}\n")
    assert costmodel.load(mine).types["fc2"].channels == 7


def test_specs_that_extend_each_other_are_refused(folder: Path):
    one = write(folder, "one.yaml", "extends: two\n")
    write(folder, "two.yaml", "extends: one\n")
    with pytest.raises(SpecError, match=r"one.yaml:1: extends more than 8 specs.*is it a circle\?"):
        document(one)


def test_a_mistake_in_an_extended_spec_names_its_own_file(folder: Path):
    write(folder, "wrong.yaml", BASE.replace("conv", "cnov"))
    child = write(folder, "child.yaml", "extends: wrong\n")
    with pytest.raises(SpecError, match=r"wrong.yaml:5: network\[0\].cnov: unknown layer 'cnov'"):
        costmodel.load(child)


def test_a_given_file_wins_over_a_shipped_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    write(folder, "x3d", BASE)
    assert len(costmodel.load("x3d").nodes) == 1


def test_every_shipped_spec_loads_in_every_variant():
    built = set()
    for name in shipped_names():
        spec = document(name)
        for variant in (None, *spec.sections["variants"]):
            # A spec that extends another has its layers and its variants: one network of each is enough.
            let = [(key, str(item.value)) for key, item in spec.sections["let"].items()]
            network = spec.network.file, *let, *sorted(spec.settings(variant, {}).items())
            if network not in built:
                built.add(network)
                assert elaborate(spec, variant).nodes
    assert len(built) > 130


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("x3dm", "x3dm: neither a file nor a shipped spec (did you mean 'x3d"),
        ("none/x.yaml", "none/x.yaml: there is no such file"),
        ("a" * 5000, "a" * 80 + ": neither a file nor a shipped spec (known: "),
    ],
)
def test_a_spec_that_is_not_there_is_named(spec: str, message: str):
    with pytest.raises(SpecError) as error:
        document(spec)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("variant", "sets", "message"),
    [
        ("lnog", {}, "x:2: variant: unknown 'lnog' (did you mean 'long'?)"),
        (None, {"frame": 3}, "--set frame: x has no such size (did you mean 'frames'?)"),
    ],
)
def test_an_unknown_variant_or_size_names_the_nearest(
    variant: str | None, sets: dict[str, int], message: str
):
    with pytest.raises(SpecError) as error:
        from_text(BASE, "x").settings(variant, sets)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=3", ("a", 3)),
        ("b = 0.1", ("b", Fraction(1, 10))),
        ("c=true", ("c", True)),
        ("d=-1e2", ("d", -100)),
    ],
)
def test_a_value_is_set_exactly(text: str, value: tuple[str, object]):
    assert parse_set(text) == value


@pytest.mark.parametrize("text", ["a", "a=", "=3", "a=b", "a=1=2", "a=9**9", ""])
def test_a_value_set_in_another_form_is_refused(text: str):
    with pytest.raises(SpecError, match="expected NAME=VALUE, the value a number, true or false"):
        parse_set(text)


@pytest.mark.parametrize("name", ["X3D_M", "x3d-m", "X3D-M"])
def test_a_shipped_spec_is_found_as_papers_write_it(name: str):
    assert document(name).name == "x3d_m"
