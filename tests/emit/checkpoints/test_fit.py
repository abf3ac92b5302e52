"""Checkpoints of others are a network's, whatever stands around their names; what does not fit is named."""

from pathlib import Path

import pytest
import torch
from strangers import equal, named, refusal

from costmodel.emit.checkpoints.fit import Reading, fit
from costmodel.errors import EmitError

MAPPING = (
    "theirs: {rules: [['stem.conv.*', 'a.*'], ['stem.norm.*', 'a_bn.*'], ['layers.0.*', 'b.*'], "
    "['head.*', 'c.*']]}"
)


def mapping(tmp_path: Path, text: str = MAPPING) -> Reading:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    return Reading(mapping=path)


def test_what_stands_beside_the_network_is_left_out_and_told(wanted):
    found = {f"model.{name}": value for name, value in wanted.items()} | {"criterion.weight": torch.ones(4)}
    fitted = fit(found, wanted)
    assert equal(fitted.tensors, wanted)
    assert fitted.told == "costmodel layout, below 'model.', 1 left out: criterion.weight"


def test_counts_of_batches_are_not_asked_for(wanted):
    found = {name: value for name, value in wanted.items() if not name.endswith("num_batches_tracked")}
    assert equal(fit(found, wanted).tensors, wanted)


def test_counts_of_batches_are_read_where_they_are(tmp_path, wanted):
    found = named(wanted | {"a_bn.num_batches_tracked": torch.tensor([7])})
    assert int(fit(found, wanted, mapping(tmp_path)).tensors["a_bn.num_batches_tracked"]) == 7


def test_axes_of_size_one_are_added_and_taken_away(wanted):
    found = wanted | {
        "b.weight": wanted["b.weight"][:, :, 0, 0, 0],
        "c.weight": wanted["c.weight"][..., None],
    }
    fitted = fit(found, wanted)
    assert equal(fitted.tensors, wanted)
    assert fitted.told == "costmodel layout, 2 with axes of size 1 more or less"


def test_a_mapping_of_one_s_own_names_the_tensors(tmp_path, wanted):
    fitted = fit(named(wanted, "module."), wanted, mapping(tmp_path))
    assert equal(fitted.tensors, wanted)
    assert (fitted.layout, fitted.prefix) == ("theirs", "module.")


def test_a_rule_that_names_no_tensor_is_named(tmp_path, wanted):
    reading = mapping(tmp_path, MAPPING.replace("stem.norm", "stem.bn"))
    message = (
        "m.yaml:1: theirs.rules[1]: 'stem.bn.*' names no tensor of the checkpoint, expected at least one"
    )
    assert refusal(named(wanted), wanted, reading).endswith(message)


def test_two_tensors_of_one_name_are_named(tmp_path, wanted):
    found = named(wanted) | {"layers.1.weight": wanted["b.weight"]}
    reading = mapping(tmp_path, MAPPING.replace("layers.0", "layers.{n}"))
    assert refusal(found, wanted, reading) == (
        "theirs layout: 8 of 8 tensors right; 1 tensor twice: "
        "layers.0.weight and layers.1.weight are both b.weight"
    )


def test_an_empty_target_drops_a_tensor(tmp_path, wanted):
    found = named(wanted) | {"loss.weight": torch.ones(1)}
    text = MAPPING.replace("['head", "['loss.*', ''], ['head")
    assert fit(found, wanted, mapping(tmp_path, text)).outside == ("loss.weight",)
    assert "1 tensor unexpected: loss.weight" in refusal(found, wanted, mapping(tmp_path))


def test_a_wrong_shape_is_named_in_the_nearest_layout(tmp_path, wanted):
    found = named(wanted) | {"head.weight": torch.ones(7, 3), "head.bias": torch.ones(7)}
    assert refusal(found, wanted, mapping(tmp_path)) == (
        "theirs layout: 6 of 8 tensors right; 2 tensors of the wrong shape: "
        "c.weight is (7, 3), expected (4, 3), c.bias is (7,), expected (4,)"
    )


def test_a_name_that_may_have_another_shape_is_left_out(wanted):
    found = wanted | {"c.weight": torch.ones(7, 3), "c.bias": torch.ones(7)}
    fitted = fit(found, wanted, Reading(spare=frozenset({"c.weight", "c.bias"})))
    assert wanted.keys() - fitted.tensors.keys() == {"c.weight", "c.bias"}


def test_a_mapping_and_the_order_exclude_each_other(tmp_path):
    with pytest.raises(EmitError, match="--by-order: takes no names, expected it without --mapping"):
        Reading(mapping=tmp_path, by_order=True)


def test_a_foreign_checkpoint_is_told_what_may_help(wanted):
    assert refusal(named(wanted), wanted) == (
        "none of its 8 tensors has a name of this network in any known layout | "
        "--mapping FILE says how its names are ours, --by-order takes tensors in their order"
    )
