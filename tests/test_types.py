"""What a window says: the first and the last frame that it sees."""

import pytest

from costmodel.types import Window


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (Window(), 0, 0),
        (Window(kernel=3, before=1), -1, 1),
        (Window(kernel=3, dilation=2), 0, 4),
        (Window(kernel=2, before=1), -1, 0),
        (Window(before=2), -2, -2),
    ],
)
def test_a_window_sees_from_its_first_to_its_last_frame(window: Window, first: int, last: int):
    assert (window.first, window.last) == (first, last)
    assert window.last - window.first == window.span
