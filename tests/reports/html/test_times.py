import re
from fractions import Fraction
from pathlib import Path

import pytest
from branched import analysed, branched

from costmodel.analysis.cost import analyze
from costmodel.network import Network
from costmodel.transforms.continual import Continual
from reports.html.cone import cone
from reports.html.times import camera, decimal, seconds, table, timeline
from reports.times import Clock


def test_times_stand_in_model_frames_camera_frames_and_seconds(tmp_path: Path):
    stream, clip = analysed(tmp_path), analysed(tmp_path, stream=False)
    rows = {row.term: list(row.cells) for row in table(stream, clip).rows}
    # two convolutions of 3 frames and a pool of 4: each looks one frame ahead, the pool three
    assert stream.totals["delay"] == 5
    assert rows["delay"] == ["5", "25", "0.83", str(clip.totals["delay"])]
    assert rows["transient"][3] == ""


def test_the_wait_for_a_full_chunk_has_a_row_where_there_is_one(tmp_path: Path):
    stream = analysed(tmp_path)
    chunked = branched(tmp_path, stream=False).with_transform(Continual(chunk=4))
    assert "added_wait" not in [row.term for row in table(stream, None).rows]
    rows = {row.term: row.cells[0] for row in table(analyze(chunked.graph()), None).rows}
    assert rows["added_wait"] == "3"


def test_another_rate_of_the_camera_takes_other_frames():
    clock = Clock(2, Fraction(12))
    assert (camera(clock, 6), seconds(clock, 6)) == ("12", "1.00")


@pytest.mark.parametrize(
    ("value", "words"), [(-0.001, "0.00"), (-2.5, "\N{MINUS SIGN}2.50"), (1234.5, "1,234")]
)
def test_a_time_is_short_and_zero_has_no_sign(value: float, words: str):
    assert decimal(value) == words


def test_the_cone_widens_to_what_the_answer_sees(tmp_path: Path):
    stream = analysed(tmp_path)
    drawn = cone(stream)
    widths = [float(each) for each in re.findall(r'width="([\d.]+)" height="[\d.]+" rx="1"', drawn)]
    assert widths == sorted(widths, reverse=True)
    # the input's own frame is one wide, the answer's as many as its receptive field
    assert widths[0] / widths[-1] == pytest.approx(stream.totals["receptive_field"], rel=0.02)


def test_a_network_that_remembers_for_ever_is_drawn_to_the_edge():
    stream = analyze(Network.of("cnn_lstm").continual().graph())
    assert "all frames so far" in cone(stream)
    assert "steady" not in timeline(stream)


def test_the_timeline_marks_first_and_steady_answers(tmp_path: Path):
    stream = analysed(tmp_path)
    drawn = timeline(stream)
    assert "frame 5<" in drawn
    assert f"frame {stream.totals['warmup']}<" in drawn
    assert timeline(analysed(tmp_path, stream=False)) is None
