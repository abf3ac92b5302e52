"""What `evaluate --stepwise` found, as a table and a drawing."""

from dataclasses import replace

from reports.evaluation import StreamAccuracy, draw, files_of, phase, table


def found() -> StreamAccuracy:
    errors = {"zeros_error": 0.1, "replicate_error": 0.1, "looped": 0}
    seen = [{"frames": frames, "zeros": frames / 20, "replicate": 0.4} | errors for frames in (6, 7, 8, 9)]
    return StreamAccuracy("tiny", 0.5, 0.1, 5, 7, seen, tenths=[{"tenth": 3, "accuracy": 0.4}])


def test_the_table_says_where_each_number_of_frames_stands():
    rows = table(found())
    columns = ["frames", "zeros", "zeros_error", "replicate", "replicate_error", "phase", "looped"]
    assert list(rows.columns) == columns
    assert rows["phase"].tolist() == ["first answer", "transient", "steady", "steady"]
    assert phase(found(), 7) == "transient"


def test_the_title_has_seconds_where_the_weights_know_their_rate():
    assert found().title == (
        "tiny: clip network 50.0% +- 10.0%; computed: first answer after 6 frames, warm after 8"
    )
    timed = replace(found(), frame_rate=12.5)
    assert timed.title.endswith("first answer after 6 frames (0.48 s), warm after 8 (0.64 s)")
    assert replace(timed, warmup=None).title.endswith("(0.48 s), never warm: it remembers all frames")
    assert timed.as_json()["frame_rate"] == 12.5


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
