import pytest

from reports.html.svg import Scale, binary_marks, linear_marks, number, short, tag, text


def test_text_and_attributes_are_escaped():
    assert text("<b>", 1, 2) == '<text x="1" y="2">&lt;b&gt;</text>'
    assert tag("g", class_='"') == '<g class="&#34;"></g>'


@pytest.mark.parametrize(
    ("low", "high", "marks"), [(0, 10, [0, 2, 4, 6, 8, 10]), (-28, 43, [-20, 0, 20, 40]), (0, 0, [0])]
)
def test_marks_of_an_axis_are_round_and_inside(low: float, high: float, marks: list[float]):
    assert linear_marks(low, high, 5) == marks


def test_marks_of_bytes_are_round_in_their_unit():
    assert binary_marks(0, 25 * 2**20, 5) == [0, 5 * 2**20, 10 * 2**20, 15 * 2**20, 20 * 2**20, 25 * 2**20]


def test_a_logarithmic_axis_sets_equal_ratios_equally_apart():
    scale = Scale(1e6, 1e10, 0, 400, is_log=True)
    assert [round(scale(each)) for each in (1e6, 1e7, 1e10)] == [0, 100, 400]
    assert scale.marks(5) == [1e6, 1e7, 1e8, 1e9, 1e10]


def test_numbers_are_short_and_zero_has_no_sign():
    assert [short(each) for each in (0.0, -0.0, 2.5e7, -20)] == ["0", "0", "25 M", "\N{MINUS SIGN}20"]
    assert [number(each) for each in (-0.04, 3.0, 2.25)] == ["0", "3", "2.2"]
