"""Labels stand beside their points, clear of marks, lines and each other."""

from itertools import combinations

from matplotlib.figure import Figure

from reports.labels import Label, place_labels


def boxes(labels: list[Label], corners: list[tuple[float, float]] | None = None) -> list:
    figure = Figure(figsize=(9, 6))
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    place_labels(axes, labels, corners or [])
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in axes.texts]


def test_labels_of_points_close_together_do_not_overlap():
    found = boxes(
        [Label(5, 5, "one", "black"), Label(5.2, 5, "two", "black"), Label(5, 5.2, "three", "black")]
    )
    assert len(found) == 3
    assert not any(one.overlaps(other) for one, other in combinations(found, 2))


def test_a_label_keeps_clear_of_a_line():
    (free,) = boxes([Label(5, 5, "label", "black")])
    (moved,) = boxes([Label(5, 5, "label", "black")], [(5 + 0.1 * step, 5) for step in range(1, 9)])
    assert moved.x0 != free.x0 or moved.y0 != free.y0


def test_a_point_without_text_has_no_label():
    assert boxes([Label(5, 5, "", "black")]) == []
