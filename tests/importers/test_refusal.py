"""What cannot be read is listed, all of it, with the user's own line."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import own_modules
import pytest
from own_modules import CLIP, Deciding, Strange

from costmodel.importers import ModuleError, read_module

FILE = Path(own_modules.__file__).relative_to(Path.cwd())


def line_with(text: str) -> int:
    source = inspect.getsource(own_modules).splitlines()
    return next(number for number, line in enumerate(source, start=1) if text in line)


def test_every_call_without_a_layer_is_listed_with_its_line_and_shapes():
    with pytest.raises(ModuleError) as raised:
        read_module(Strange(), CLIP, "strange")
    assert [str(each) for each in raised.value.messages] == [
        f"{FILE}:{line_with('torch.sin')}: sin (2x4x4x8x8 -> 2x4x4x8x8): is no layer of ours",
        f"{FILE}:{line_with('logcumsumexp')}: logcumsumexp (2x4x4x8x8 -> 2x4x4x8x8): is no layer of ours; "
        "did you mean 'cumsum'?",
    ]
    assert raised.value.unknown[0].to_dict()["shapes"] == [[2, 4, 4, 8, 8]] * 2


def test_a_branch_on_numbers_names_its_line_and_says_no_more(capfd: pytest.CaptureFixture[str]):
    place = re.escape(f"{FILE}:{line_with('x.sum() > 0')}")
    with pytest.raises(ModuleError, match=f"^{place}: deciding cannot be exported for 1x3x4x8x8: "):
        read_module(Deciding(), CLIP, "deciding")
    assert capfd.readouterr() == ("", "")
