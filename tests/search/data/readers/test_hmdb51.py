from pathlib import Path

import pytest
from labelled import clips, listed, made

from costmodel.errors import DataError


def test_each_class_has_a_list_of_its_own(tmp_path: Path):
    made(tmp_path, run__a_avi="", run__b_avi="", brush_hair__a_avi="", run__c_avi="")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "run_test_split1.txt").write_text("a.avi 1 \nb.avi 2 \nc.avi 0 \n")
    (tmp_path / "splits" / "brush_hair_test_split1.txt").write_text("a.avi 1\n")
    found = listed(tmp_path, "hmdb51")
    assert sorted(clips(found)) == [
        ("brush_hair/a.avi", ("brush_hair",), "train"),
        ("run/a.avi", ("run",), "train"),
        ("run/b.avi", ("run",), "validation"),
    ]
    assert found.left_out == ["c.avi"]
    with pytest.raises(DataError, match=r"no list of split 2, expected CLASS_test_split2.txt"):
        listed(tmp_path, "hmdb51", 2)
