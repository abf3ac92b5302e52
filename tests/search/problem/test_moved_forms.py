"""Searches that move forms: what is refused, what a study keeps, the folder of the best."""

from pathlib import Path

import pytest
from searches import decided, search

from costmodel.errors import OptionError
from costmodel.network import Network
from search.problem.request import Request, prepare
from search.study.best import best_of_search, export_best
from search.study.study import read_study

BUDGET = "macs_per_frame<=1MMAC"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": ["crop=8,16"]}, "--over crop: expected `form` or a field of a transform, such as"),
        (
            {"budget": "macs_per_frame<=4x"},
            "macs_per_frame: 4x is a multiple of the start's, of which --over",
        ),
        (
            {"limits": ["transient<=4"], "over": ["form=clip,causal"]},
            "form clip: transient: transient does not apply",
        ),
        ({"replay": "x3d_expansion"}, "--replay: takes its steps from the file; leave --over out"),
        ({"axes": ["Widht"]}, "--axes: unknown 'Widht' (did you mean 'Width'?)"),
    ],
)
def test_what_cannot_be_moved_is_one_line(tiny: Path, options, message: str):
    with pytest.raises(OptionError) as error:
        prepare(Request(**{"budget": BUDGET, "over": ["form"], **options}), Network.of(tiny))
    assert str(error.value).startswith(message)


def test_a_spec_may_name_its_forms_and_axes_leave_them_as_they_are(tiny: Path):
    tiny.write_text(tiny.read_text().replace("axes:", "axes:\n  form: [causal, dissect]", 1))
    forms = prepare(Request(budget=BUDGET), Network.of(tiny)).problem.forms
    assert [dict(each.labels) for each in forms] == [{"form": "causal"}, {"form": "dissect"}]
    assert not prepare(Request(budget="macs_per_clip<=4x", axes=["Space"]), Network.of(tiny)).problem.forms


def test_a_form_that_cannot_be_had_is_left_out_with_its_reason(tiny: Path):
    ready = prepare(Request(budget=BUDGET, over=["form=continual,sgs"]), Network.of(tiny))
    assert [dict(each.labels) for each in ready.problem.forms] == [{"form": "continual"}]
    assert ready.notes[-1].startswith("form sgs is left out: --sgs")


def test_each_network_of_a_study_has_its_form_and_the_search_resumes(tiny: Path, tmp_path: Path):
    study, over = tmp_path / "s.db", ["form=continual,causal"]
    first = search(tiny, study, budget=BUDGET, over=over)
    again = search(tiny, study, budget=BUDGET, over=over)
    assert [each for each, _ in first] == [each for each, _ in again]
    assert all(known for _, known in again)
    start = decided(study)[0]
    assert [option["form"] for option in start["options"]] == [{"form": "continual"}, {"form": "causal"}]
    # the same sizes in two forms: two networks
    assert len({option["network"] for option in start["options"]}) == 2
    for each, (decision, _) in zip(decided(study), first, strict=True):
        assert each["transforms"] == [each.to_dict() for each in decision.design.transforms]


def test_the_best_is_exported_in_its_form(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    # one form alone is within the limit, and it is not the first
    limits = ["lookahead<=0frames"]
    found = search(tiny, study, budget=BUDGET, over=["form=continual,causal"], limits=limits)
    assert (
        found[0][0].reason == "the network to start from, of all forms: the only form that stands; 1 left out"
    )
    with read_study(study) as opened:
        assert best_of_search(opened, None).network.flags.endswith("--causal --continual")
        _, commands = export_best(opened, None, tmp_path / "best")
    assert f"costmodel analyze {tmp_path}/best/network.yaml --causal --continual" in commands
    assert "Form: `--causal --continual`." in (tmp_path / "best" / "README.md").read_text()


@pytest.mark.parametrize("meet", ["best", "last"])
def test_a_contraction_and_one_to_the_budget_move_forms_too(tiny: Path, tmp_path: Path, meet: str):
    over, limits = ["form=continual,dissect"], ["state_floats<=2000"]
    found = search(tiny, tmp_path / "s.db", budget="macs_per_frame<=300kMAC", over=over, meet=meet)
    assert found[-1][0].cost <= 300_000
    options = {"over": over, "limits": limits, "contract": True, "sets": ["wide=4"]}
    (*_, (last, _)) = search(tiny, tmp_path / "t.db", budget=BUDGET, **options)
    assert last.cost <= 1_000_000
    assert last.design.values["state_floats"] <= 2000


@pytest.mark.slow
def test_forms_are_trained_and_the_winners_weights_have_its_form(tmp_path: Path, monkeypatch):
    import cli
    from costmodel.weights import read_weights_file

    monkeypatch.chdir(tmp_path)
    line = (
        "search digits --set frames=4 --over form=continual,causal --axes X-Width "
        "--budget macs_per_frame<=300kMAC --score train --with data=digits:train=24,val=24 --with epochs=1 "
        "--workers 1 --study s.db --out out"
    )
    assert cli.main(line.split()) == 0
    assert cli.main(["study", "export", "s.db", "--best", "--out", "best"]) == 0
    known = read_weights_file(tmp_path / "best" / "weights.safetensors").known
    with read_study(tmp_path / "s.db") as opened:
        assert known.network.transforms == best_of_search(opened, None).network.transforms
