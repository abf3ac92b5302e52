from reports.stream_panels import cuts_as_json, draw_streams
from reports.times import Clock
from search.train.cuts import Cuts


def cuts() -> Cuts:
    rows = [
        {"after": n, "accuracy": n / 10, "accuracy_error": 0.05, "still_before": 1 - n / 10}
        for n in range(1, 10)
    ]
    return Cuts(tuple(rows), 3, 5, 7, 6.0, 0.75, 20)


CLOCK = Clock(12)
COSTS = [
    {
        "clips": 1,
        "clip_macs": 1e9,
        "clip_accuracy": 0.5,
        "clip_error": 0.1,
        "frames": 2,
        "stream_macs": 9e8,
        "stream_accuracy": None,
        "stream_error": None,
    },
    {
        "clips": 3,
        "clip_macs": 3e9,
        "clip_accuracy": 0.6,
        "clip_error": 0.1,
        "frames": 8,
        "stream_macs": 2.9e9,
        "stream_accuracy": 0.7,
        "stream_error": 0.1,
    },
]


def test_what_was_computed_is_marked_beside_what_was_measured():
    figure = draw_streams("tiny", cuts(), COSTS, CLOCK)
    assert figure is not None
    first, second = figure.axes
    assert first.get_xlabel() == "model frames after a cut, each 12 of the camera, 0.4 s"
    assert {text.get_text() for text in first.texts} == {"lookahead: 4", "delay: 6", "warm: 8"}
    assert "half are right: 6" in first.get_legend_handles_labels()[1]
    # standard errors are drawn, and a stream without an answer yet is no point
    assert {text.get_text() for text in second.texts} == {"1 clips", "3 clips", "8 frames"}
    assert len(second.containers) == 2


def test_nothing_measured_is_nothing_drawn():
    assert draw_streams("tiny", None, [], CLOCK) is None
    found = draw_streams("tiny", cuts(), [], CLOCK)
    assert found is not None
    assert len(found.axes) == 1


def test_all_of_cuts_is_there_for_programs():
    found = cuts_as_json(cuts())
    assert (found["median_frames"], found["right_in_the_end"], found["lookahead"]) == (6.0, 0.75, 3)
    assert len(found["rows"]) == 9
