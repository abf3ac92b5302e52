from costmodel.analysis.parts import Step, joined, valleys

# What is alive: 8, 5, 6, 2, 4, 3, 7; the least of all behind the third step.
STEPS = [
    Step((number,), most, after)
    for number, (most, after) in enumerate([(9, 5), (10, 6), (12, 2), (11, 4), (6, 3), (9, 7)])
]


def test_an_order_stands_where_the_least_is_alive_between_the_highest_peaks():
    # Ahead of the least: 5 before the peak of 12, and 8 before that of 9. Behind it: 3 after the peak of 11.
    assert valleys(STEPS, 8) == [0, 1, 3, 5, 6]


def test_steps_between_those_places_are_one():
    assert joined(STEPS, 8) == [
        Step((0,), 9, 5),
        Step((1, 2), 12, 2),
        Step((3, 4), 11, 3),
        Step((5,), 9, 7),
    ]


def test_an_order_that_only_rises_stands_at_its_ends():
    assert valleys([Step((1,), 4, 4), Step((2,), 9, 9)], 0) == [0, 2]
