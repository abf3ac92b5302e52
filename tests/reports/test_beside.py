"""The picture of a stream beside its clip network: computed figures, and times as they were measured."""

from itertools import pairwise

import pytest

from costmodel import continual, load
from reports.beside import draw_beside, pairs

SHARED = {"device": "cpu", "threads": 1, "precision": "fp32", "runs": 60}
MEASURED = [
    {"mode": "clip", "backend": "eager", "ms_per_frame": 450.2, **SHARED},
    {"mode": "clip", "backend": "exported", "ms_per_frame": 179.2, **SHARED},
    {"mode": "continual", "backend": "eager", "ms_per_frame": 25.5, **SHARED},
    {"mode": "continual", "backend": "exported", "ms_per_frame": 19.6, **SHARED},
]


def test_a_stream_stands_beside_its_clip_network():
    found = pairs(continual(load("x3d", variant="M")), MEASURED, "fp32")
    assert [each.shown for each in found] == [
        ("4.73 G", "0.298 G"),
        ("179 ms", "19.6 ms"),
        ("8.61 MiB", "20.1 MiB"),
        ("2.5 s", "7.17 s"),
    ]
    ratios = ["15.9 times less", "9.14 times less", "2.34 times as much", "2.87 times as late"]
    assert [each.ratio for each in found] == ratios


def test_bytes_are_those_of_the_precision_that_was_measured():
    held = pairs(continual(load("x3d", variant="M")), MEASURED, "fp16")[2]
    assert held.shown == ("4.31 MiB", "10.1 MiB")


@pytest.mark.parametrize("spec", ["x3d_m", "r3d_18", "movinet"])
def test_every_text_has_room(spec: str):
    figure = draw_beside(continual(load(spec)), MEASURED)
    figure.draw_without_rendering()
    (title,) = (text.get_window_extent() for text in [figure._suptitle])
    heads = [axes.title.get_window_extent() for axes in figure.axes]
    assert title.y0 > max(head.y1 for head in heads)
    assert all(left.x1 < right.x0 for left, right in pairwise(heads))
