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


@pytest.mark.parametrize("folder", ["HandstandPushups", "HandStandPushups"])
@pytest.mark.parametrize("name", ["v_HandStandPushups_g01_c01.avi", "v_HandstandPushups_g01_c01.avi"])
def test_the_one_class_that_copies_spell_in_two_ways_is_found(tmp_path: Path, folder: str, name: str):
    # the set's own lists: 1-based numbers, lines that end as on Windows, none of them in the list of tests
    lists = {
        "classInd_txt": "37 HandstandPushups\r\n1 ApplyEyeMakeup\r\n",
        "trainlist01_txt": f"{folder}/v_HandStandPushups_g01_c01.avi 37\r\n",
        "testlist01_txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\n",
    }
    made(tmp_path, **lists)
    (tmp_path / "UCF-101" / "HandstandPushups").mkdir(parents=True)
    (tmp_path / "UCF-101" / "HandstandPushups" / name).touch()
    found = listed(tmp_path, "ucf101")
    assert clips(found) == [(f"UCF-101/HandstandPushups/{name}", ("HandstandPushups",), "train")]
    assert found.missing == ["ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi"]


def test_a_split_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"no trainlist03.txt, expected one of split 3"):
        listed(made(tmp_path, **LISTS), "ucf101", 3)
