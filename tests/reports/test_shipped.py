"""The figures kept beside the specs are those of the specs as they are."""

import json

import pytest

from costmodel.analysis.cost import analyze
from costmodel.network import Network
from costmodel.spec.document import shipped_folder, shipped_names
from reports import shipped


@pytest.fixture
def without_kept(monkeypatch: pytest.MonkeyPatch):
    """As in a checkout whose specs were all changed since figures were kept."""
    monkeypatch.setattr(shipped, "_kept", dict)


@pytest.mark.parametrize("name", ["digits", "movinet --variant A0-stream-plain", "x3d_m"])
def test_what_is_kept_is_what_is_worked_out(name: str, without_kept: None):
    known = json.loads((shipped_folder() / shipped.INDEX).read_text())
    (kept,) = (row for row in known[name.split()[0]]["rows"] if row["name"] == name)
    (worked_out,) = (row for row in shipped.rows(name) if row["name"] == name)
    assert kept == worked_out


def test_figures_are_those_of_the_stream(without_kept: None):
    (row,) = (row for row in shipped.rows("digits") if row["name"] == "digits")
    totals = analyze(Network.of("digits").continual().graph()).totals
    assert {name: row[name] for name in shipped.FIGURES} == {name: totals[name] for name in shipped.FIGURES}


def test_a_spec_that_changed_has_another_digest(monkeypatch: pytest.MonkeyPatch, tmp_path):
    for name in ("x3d", "x3d_m"):
        (tmp_path / f"{name}.yaml").write_text((shipped_folder() / f"{name}.yaml").read_text())
    monkeypatch.setattr(shipped, "shipped_folder", lambda: tmp_path)
    before = shipped.digest("x3d_m")
    assert shipped.digest("x3d") != before
    with (tmp_path / "x3d.yaml").open("a") as file:  # which x3d_m extends
        file.write("# a remark\naxes:\n  Width: {moves: gamma_w}\n")
    assert shipped.digest("x3d_m") == before
    with (tmp_path / "x3d.yaml").open("a") as file:
        file.write("changed: 1\n")
    assert shipped.digest("x3d_m") != before


@pytest.mark.slow
def test_all_that_is_kept_is_up_to_date():
    assert (shipped_folder() / shipped.INDEX).read_text() == shipped.index()


def test_every_spec_is_kept_under_its_digest_of_today():
    kept = json.loads((shipped_folder() / shipped.INDEX).read_text())
    # else `list` works all of them out each time, in seconds: costmodel report shipped > specs/figures.json
    assert {name: each["digest"] for name, each in kept.items()} == {
        name: shipped.digest(name) for name in shipped_names()
    }


def test_each_spec_and_variant_has_a_row():
    names = [row["name"] for row in shipped.rows()]
    assert len(set(names)) == len(names) > 100
    assert set(shipped_names()) <= set(names)
    assert "x3d --variant XL" in names
