from pathlib import Path

import pytest
from labelled import clips, listed, made

from costmodel.errors import DataError


@pytest.mark.parametrize("line", ["videos/a b.mp4 2", "videos/a b.mp4,2", "/data/kinetics/videos/a b.mp4\t2"])
def test_a_path_and_the_number_of_a_class(tmp_path: Path, line: str):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a b.mp4").touch()
    found = listed(made(tmp_path, train_csv=line, val_csv="gone.mp4 0", test_csv="gone.mp4 0"), "path_label")
    assert clips(found) == [("videos/a b.mp4", ("2",), "train")]
    # a class without a clip keeps its place among the scores
    assert (found.classes, found.missing) == (("0", "1", "2"), ["gone.mp4"])


def test_without_a_list_to_validate_with_the_one_to_test_with_stands_for_it(tmp_path: Path):
    found = listed(made(tmp_path, train_csv="a.mp4 0", test_csv="b.mp4 1", a_mp4="", b_mp4=""), "path_label")
    assert {clip.name: clip.split for clip in found.clips} == {"a.mp4": "train", "b.mp4": "validation"}


def test_a_line_of_another_form_is_named(tmp_path: Path):
    made(tmp_path, train_csv="a.mp4 0\nb.mp4 walk\n")
    with pytest.raises(DataError, match=r"train.csv:2: 'b.mp4 walk', expected a path and the number of its"):
        listed(tmp_path, "path_label")
