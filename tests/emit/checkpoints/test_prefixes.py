"""What stands ahead of all names of a network is taken off."""

import pytest
from strangers import equal, refusal

from costmodel.emit.checkpoints.fit import fit


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "module.module.", "_orig_mod.", "net.ema.backbone."]
)
def test_any_prefix_is_taken_off(wanted, prefix):
    found = {f"{prefix}{name}": value for name, value in wanted.items()}
    fitted = fit(found, wanted)
    assert equal(fitted.tensors, wanted)
    assert (fitted.layout, fitted.prefix, fitted.outside) == ("costmodel", prefix, ())


def test_two_networks_in_one_checkpoint_are_not_chosen_between(wanted):
    found = {f"{half}.{name}": value for name, value in wanted.items() for half in ("student", "teacher")}
    message = "'student.a.weight' and 'teacher.a.weight' could both be 'a.weight', expected one network; "
    assert refusal(found, wanted) == message + "--mapping FILE says which"
