from pathlib import Path

import pytest
from labelled import clips, listed, made

from costmodel.errors import DataError


def test_folders_of_frames_are_called_by_number(tmp_path: Path):
    made(tmp_path, frames__34870__00001_jpg="", frames__7__00001_jpg="")
    (tmp_path / "jester-v1-train.csv").write_text("34870;Drumming Fingers\n8;Swiping Left\n")
    (tmp_path / "jester-v1-validation.csv").write_text("7;Swiping Left\n")
    (tmp_path / "jester-v1-labels.csv").write_text("Swiping Left\nDrumming Fingers\n")
    found = listed(tmp_path, "jester")
    assert clips(found) == [
        ("frames/34870", ("Drumming Fingers",), "train"),
        ("frames/7", ("Swiping Left",), "validation"),
    ]
    assert (found.missing, found.rate, found.mirrors) == (["8"], 12, False)
    assert found.classes == ("Swiping Left", "Drumming Fingers")
    (tmp_path / "jester-v1-train.csv").write_text("34870,Drumming Fingers\n")
    with pytest.raises(DataError, match=r"train.csv:1: '34870,Drumming Fingers', expected number;class"):
        listed(tmp_path, "jester")
