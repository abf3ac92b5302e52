from pathlib import Path

import pytest
from labelled import clips, listed, made

from costmodel.errors import DataError

LISTS = {
    "lists__classInd_txt": "1 Run\n2 Walk\n",
    "lists__trainlist01_txt": "Run/v_Run_g01.avi 1\nWalk/v_Walk_g01.avi 2\n",
    "lists__testlist01_txt": "Walk/v_Walk_g02.avi\n",
    "lists__trainlist02_txt": "Walk/v_Walk_g02.avi 2\n",
    "lists__testlist02_txt": "Run/v_Run_g01.avi\n",
}
VIDEOS = {
    f"UCF__{kind}__v_{kind}_{group}_avi": ""
    for kind, group in (("Run", "g01"), ("Walk", "g01"), ("Walk", "g02"))
}


def test_a_split_is_chosen_by_its_number(tmp_path: Path):
    made(tmp_path, **LISTS, **VIDEOS)
    first, second = (listed(tmp_path, "ucf101", split) for split in (1, 2))
    assert clips(first)[-1] == ("UCF/Walk/v_Walk_g02.avi", ("Walk",), "validation")
    assert clips(second) == [
        ("UCF/Walk/v_Walk_g02.avi", ("Walk",), "train"),
        ("UCF/Run/v_Run_g01.avi", ("Run",), "validation"),
    ]
    assert first.classes == ("Run", "Walk")
    assert len(first.used) == 5


def test_a_split_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"no trainlist03.txt, expected one of split 3"):
        listed(made(tmp_path, **LISTS), "ucf101", 3)
