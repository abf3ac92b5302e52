import re

from reports.html.scatter import Axis, Point, Scatter, scale, shape

X, Y = Axis("cost"), Axis("score")


def boxes_of(drawn: str) -> list[tuple[float, float, float]]:
    """The labels: left end, base line, and letters."""
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="small halo">([^<]*)</text>', drawn)
    return [(float(x), float(y), 6.6 * len(words)) for x, y, words in found]


def test_no_label_stands_over_another_or_over_a_point():
    points = [Point(1 + i / 20, 1 + i / 30, label=f"network {i}") for i in range(40)]
    drawn = Scatter(points, X, Y, "crowded").svg
    labels = boxes_of(drawn)
    assert len(labels) >= 3
    for i, (x, y, width) in enumerate(labels):
        for other_x, other_y, other_width in labels[:i]:
            assert x + width <= other_x or other_x + other_width <= x or abs(y - other_y) >= 12


def test_a_limit_is_named_at_its_place():
    drawn = Scatter([Point(1, 1), Point(3, 2)], X, Y, "limited", limit=(2, "budget <2>")).svg
    (at,) = re.findall(r'M([\d.]+) [\d.]+V[\d.]+" class="limit"', drawn)
    first, last = re.findall(r'd="M([\d.]+) [\d.]+a4', drawn)
    assert abs(float(at) - (float(first) + float(last)) / 2) < 4.1
    assert "budget &lt;2&gt;" in drawn


def test_an_error_reaches_as_far_as_it_says():
    drawn = Scatter([Point(1, 1, error=0.5), Point(2, 2)], X, Y, "errors").svg
    low, top = map(float, re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)m-4 0h8", drawn)[0])
    places = scale([0.5, 1.5, 2, 2], 430 - 60, 46, False)
    assert (round(low), round(top)) == (round(places(0.5)), round(places(1.5)))


def test_values_far_apart_stand_on_a_logarithmic_axis():
    assert scale([1, 100], 0, 1).is_log
    assert not scale([1, 9], 0, 1).is_log
    assert not scale([0, 100], 0, 1).is_log


def test_one_value_alone_has_a_place_inside():
    assert 0 < scale([5, 5], 0, 1)(5) < 1


def test_marks_differ_beside_their_colours():
    assert len({shape(series, 0, 0) for series in range(6)}) == 6
