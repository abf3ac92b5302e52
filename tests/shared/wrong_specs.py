"""What is told of a wrong spec."""

import pytest

from costmodel.errors import SpecError
from costmodel.spec import elaborate, from_text

INPUT = "input: {channels: 3, time: 4, height: 8, width: 8}\n"


def mistakes(text: str, head: str = INPUT) -> list[str]:
    with pytest.raises(SpecError) as error:
        elaborate(from_text(head + text, "x"))
    return list(error.value.messages)
