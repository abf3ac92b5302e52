"""Clips of unequal numbers of frames, carried in groups."""

import torch

from costmodel.emit.groups import Groups, over_groups


def clips(rows: list[list[int]], frames: list[int]) -> Groups:
    made = [torch.tensor(each, dtype=torch.float64).view(-1, 1, 1, 1, 1) for each in rows]
    return Groups.of(rows, [each.expand(-1, 1, time, 1, 1) for each, time in zip(made, frames, strict=True)])


def test_clips_are_joined_in_the_order_of_the_batch_with_zeros_behind():
    joined = clips([[2, 0], [1]], [1, 2]).joined(3)
    assert joined[:, 0, :, 0, 0].tolist() == [[0, 0, 0], [1, 1, 0], [2, 0, 0]]


def test_groups_of_equal_shape_are_put_together():
    merged = clips([[0], [1], [2]], [2, 3, 2]).merged()
    assert merged.rows == ([0, 2], [1])
    assert merged.frames == [2, 3, 2]


def test_two_ways_to_group_meet_in_groups_that_fit_both():
    found = over_groups(
        lambda one, other: one * other, [clips([[0, 1], [2]], [1, 1]), clips([[0], [1, 2]], [1, 1])]
    )
    assert found.rows == ([0], [1], [2])
    assert found.joined(1).flatten().tolist() == [0, 1, 4]


def test_what_is_in_no_groups_is_taken_apart():
    plain = torch.arange(3.0, dtype=torch.float64).view(3, 1, 1, 1, 1)
    found = over_groups(torch.add, [clips([[0, 2], [1]], [1, 1]), plain])
    assert found.joined(1).flatten().tolist() == [0, 2, 4]
