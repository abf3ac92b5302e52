from fractions import Fraction
from pathlib import Path

import pytest
from labelled import clips, listed, made

from costmodel.errors import DataError

HEAD = "label,youtube_id,time_start,time_end,split,is_cc\n"


def test_clips_are_found_by_their_number_and_seconds(tmp_path: Path):
    made(tmp_path, train_csv=HEAD + '"air drumming",_dbc-Ju,40,50,train,0\nabseiling,gone,1,11,train,0\n')
    made(tmp_path, val_csv=HEAD + "abseiling,-3B32l,59,69,validate,0\n")
    made(
        tmp_path, test_csv="youtube_id,time_start,time_end,split\nx1,0,10,test\n", c__x1_000000_000010_mp4=""
    )
    for name in ("_dbc-Ju_000040_000050.mp4", "-3B32l.webm"):
        (tmp_path / name).touch()
    found = listed(tmp_path, "kinetics")
    assert clips(found) == [
        ("_dbc-Ju_000040_000050.mp4", ("air drumming",), "train"),
        ("-3B32l.webm", ("abseiling",), "validation"),
    ]
    # a whole video is used from second to second
    assert [clip.part for clip in found.clips] == [None, (Fraction(59), Fraction(69))]
    assert (found.missing, found.left_out) == (["gone_000001_000011"], ["x1_000000_000010"])


def test_a_time_that_is_none_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"train.csv:2: a time of 'soon', expected seconds"):
        listed(made(tmp_path, train_csv=HEAD + "run,a,soon,50,train,0\n"), "kinetics")
