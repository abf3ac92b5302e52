"""What errors say: one line, whatever text they quote, and the nearest name that is known."""

import pytest

from costmodel.errors import nearest, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain, π and 漢", "plain, π and 漢"),
        ("two\nlines\tand a bell\x07", "two\\nlines\\tand a bell\\x07"),
        ("turned \u202e round", "turned \\u202e round"),
        ("", ""),
    ],
)
def test_what_cannot_be_shown_stands_as_python_writes_it(text: str, line: str):
    assert one_line(text) == line


def test_the_nearest_name_is_told_else_all_of_them():
    assert nearest("frame", ["frames", "crop"]) == " (did you mean 'frames'?)"
    assert nearest("zzz", ["frames", "crop"]) == " (known: crop, frames)"
    assert nearest("zzz", []) == ""
    assert nearest("f" * 100_000, ["frames"]) == " (known: frames)"
