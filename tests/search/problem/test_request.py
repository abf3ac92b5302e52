"""A search is checked before it begins."""

from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.network import Network
from search.problem.request import Request, prepare


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "--budget: is missing; expected METRIC<=AMOUNT"),
        ({"budget": "macs_per_clip<=10kMAC"}, "--budget macs_per_clip<=10kMAC: the start costs "),
        (
            {"budget": "macs_per_clip<=8x", "limits": ["params<=10"]},
            "--limit: the start is outside: params is ",
        ),
        ({"budget": "macs_per_clip<=8x", "axes": ["Tme"]}, "--axes: unknown 'Tme' (did you mean 'Time'?)"),
        (
            {"budget": "macs_per_clip<=8x", "limits": ["delay<=1s"]},
            "--limit delay_seconds<=1s: delay_seconds ne",
        ),
        ({"budget": "macs<=8x"}, "--budget macs<=8x: unknown metric 'macs'"),
        ({"budget": "macs_per_clip<=8x", "factor": 1}, "--factor: 1, expected a number above 1"),
        (
            {"budget": "macs_per_clip<=8x", "score": "etropy"},
            "--score etropy: neither a score nor arithmetic",
        ),
        (
            {"budget": "macs_per_clip<=8x", "sets": ["frames=32"], "axes": ["Time"]},
            "no axis can move from the start: Time: frames stands at its bound of 32",
        ),
        (
            {"budget": "macs_per_clip<=8x", "limits": ["macs_per_clip<=1x"]},
            "no axis can move from the start: Time: macs_per_clip is",
        ),
    ],
)
def test_a_search_that_cannot_begin_says_why(tiny: Path, options, message: str):
    with pytest.raises(OptionError) as error:
        prepare(Request(**options), Network.of(tiny))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
