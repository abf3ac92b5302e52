"""A front holds what no other point beats, however the points come."""

import numpy as np
import pytest

from search.sweep.pareto import Front, front


def beaten_by_any(points, point):
    return bool(((points <= point).all(axis=1) & (points < point).any(axis=1)).any())


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_the_front_is_what_no_point_beats(objectives):
    points = np.random.default_rng(objectives).integers(0, 12, (1500, objectives))
    wanted = {tuple(point) for point in points if not beaten_by_any(points, point)}
    found = points[front(points)]
    assert sorted(map(tuple, found)) == sorted(wanted)


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_a_front_of_pieces_is_the_front_of_all(objectives):
    points = np.random.default_rng(7).integers(0, 50, (5000, objectives))
    best = Front()
    for start in range(0, 5000, 700):
        best.add(points[start : start + 700], np.arange(start, min(start + 700, 5000)))
    assert sorted(map(tuple, points[best.numbers])) == sorted(map(tuple, points[front(points)]))


def test_the_first_of_equal_points_is_kept():
    best = Front()
    best.add(np.array([[1, 2], [1, 2]]), np.array([4, 5]))
    best.add(np.array([[1, 2]]), np.array([6]))
    assert best.numbers.tolist() == [4]
