"""Devices and precisions that the machine has not."""

import pytest

from costmodel.errors import OptionError
from search.train.options import Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "--device: 'tpu' is not there, expected cpu"),
        ({"precision": "fp8"}, "--precision: 'fp8', expected fp32, fp16, bf16"),
        ({"precision": "fp16"}, "--precision: fp16 needs a GPU, expected fp32 or bf16 on a CPU"),
    ],
)
def test_what_the_machine_has_not_is_named(options: dict[str, str], message: str):
    with pytest.raises(OptionError) as error:
        Options(**options)
    assert str(error.value).startswith(message)
