"""Axes are followed through views, and cut only where they divide."""

import pytest

from costmodel.importers.layout import Atom, LayoutError, described, dim_of, merged, regrouped, shape_of

CLIP = (dim_of("batch", 2), dim_of("channels", 4), dim_of("time", 6))


def test_dimensions_join_and_part_again():
    folded = regrouped(CLIP, (8, 6))
    assert folded == ((Atom("batch", 2), Atom("channels", 4)), (Atom("time", 6),))
    assert regrouped(folded, (2, 4, 6)) == CLIP


def test_an_axis_is_cut_into_parts_that_join_again():
    cut = regrouped(CLIP, (2, 2, 2, 6))
    assert cut[1:3] == ((Atom("channels", 2, 2),), (Atom("channels", 2),))
    assert merged((*cut[1], *cut[2])) == dim_of("channels", 4)
    assert merged((*cut[2], *cut[1])) != dim_of("channels", 4)


def test_axes_of_one_position_leave_no_trace():
    assert regrouped((*CLIP, ()), (2, 1, 4, 6)) == (CLIP[0], (), *CLIP[1:])


@pytest.mark.parametrize("shape", [(3, 16), (2, 4), (2, 4, 12)])
def test_a_shape_that_cuts_an_axis_apart_is_refused(shape: tuple[int, ...]):
    with pytest.raises(LayoutError):
        regrouped(CLIP, shape)


def test_a_layout_says_itself():
    assert described(regrouped(CLIP, (2, 2, 12))) == "(batch, channels/2, channels time)"
    assert shape_of(regrouped(CLIP, (2, 2, 12))) == (2, 2, 12)
