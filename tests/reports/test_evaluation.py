"""What `evaluate --stepwise` found, as a table and a drawing."""

from dataclasses import replace
from fractions import Fraction

from costmodel.network import Network
from reports.evaluation import StreamAccuracy, draw, files_of, phase, table, tables
from reports.times import Clock
from search.train.cuts import Cuts


def found() -> StreamAccuracy:
    errors = {"zeros_error": 0.1, "replicate_error": 0.1, "looped": 0}
    seen = [{"frames": frames, "zeros": frames / 20, "replicate": 0.4} | errors for frames in (6, 7, 8, 9)]
    return StreamAccuracy("tiny", 0.5, 0.1, 5, 7, seen, tenths=[{"tenth": 3, "accuracy": 0.4}])


def test_the_table_says_where_each_number_of_frames_stands():
    rows = table(found())
    columns = [
        "frames",
        "camera_frames",
        "seconds",
        "zeros",
        "zeros_error",
        "replicate",
        "replicate_error",
        "phase",
        "looped",
    ]
    assert list(rows.columns) == columns
    assert rows["phase"].tolist() == ["first answer", "transient", "steady", "steady"]
    assert phase(found(), 7) == "transient"


def test_times_are_told_in_three_units():
    units = "(model frames / camera frames / seconds)"
    timed = replace(found(), clock=Clock(12, Fraction(30)), costs=[{"clips": 1, "frames": 7}])
    assert timed.title == (
        "tiny: clip network 50.0% +- 10.0%; computed: first answer after 6 / 72 / 2.4, "
        f"warm after 8 / 96 / 3.2 {units}"
    )
    assert replace(timed, warmup=None).title.endswith(
        f"6 / 72 / 2.4, never warm: it remembers all frames {units}"
    )
    seen, _, costs = tables(timed)
    assert [row["frames"] for row in seen.rows] == [
        "6 / 72 / 2.4",
        "7 / 84 / 2.8",
        "8 / 96 / 3.2",
        "9 / 108 / 3.6",
    ]
    assert costs.rows[0]["frames"] == "7 / 84 / 2.8"
    assert table(timed)["seconds"].tolist() == [2.4, 2.8, 3.2, 3.6]


def test_a_cut_is_timed_by_the_rate_that_the_weights_know():
    rows = ({"after": 1, "accuracy": 0.0}, {"after": 5, "accuracy": 1.0})
    timed = replace(
        found(),
        frame_rate=5.0,
        clock=Clock.of(Network.of("digits").graph(), 5.0),
        cuts=Cuts(rows, 2, 5, 7, 4.5, 1.0, 3),
    )
    (*_, cuts) = tables(timed)
    assert cuts.title.startswith(
        "after 3 cuts, half of those right in the end are from 4.5 / 54 / 0.9 on; after: "
    )
    assert [row["after"] for row in cuts.rows] == ["1 / 12 / 0.2", "5 / 60 / 1"]
    assert (timed.as_json()["every"], timed.as_json()["fps"], timed.as_json()["frame_rate"]) == (
        12,
        60.0,
        5.0,
    )


def test_the_drawing_marks_delay_warm_up_and_the_clip_network():
    axis = draw(found()).axes[0]
    assert {text.get_text() for text in axis.texts} == {"first answer: 6", "warm: 8"}
    labels = axis.get_legend_handles_labels()[1]
    assert "clip network" in labels
    assert len(labels) == 3


def test_files_are_a_table_and_two_drawings():
    files = files_of(found())
    assert sorted(files) == ["transient.csv", "transient.png", "transient.svg"]
    assert files["transient.png"].startswith(b"\x89PNG")
