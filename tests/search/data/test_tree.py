from pathlib import Path

import pytest
from labelled import made

from costmodel.errors import DataError
from search.data.tree import tree_of


def test_clips_and_files_are_told_apart(tmp_path: Path):
    made(
        tmp_path,
        a__x_mp4="",
        a__notes_txt="",
        b__frames__0_jpg="",
        b__frames__Thumbs_db="",
        c__y_npy="",
        c__z_jpg="",
    )
    (tmp_path / ".hidden").touch()
    tree = tree_of(tmp_path)
    assert tree.clips == ("a/x.mp4", "b/frames", "c/y.npy")
    assert set(tree.files) - set(tree.clips) == {"a/notes.txt", "b/frames/Thumbs.db", "c/z.jpg"}


def test_a_clip_is_found_by_the_name_that_a_label_gives_it(tmp_path: Path):
    tree = tree_of(made(tmp_path, train__a__x_mp4="", val__a__x_avi="", y_webm=""))
    assert tree.clip("val/a/x.mp4") == "val/a/x.avi"
    assert tree.clip("x") == "train/a/x.mp4"
    assert tree.clip("/elsewhere/y.avi") == "y.webm"
    # of another folder with the same name it is another clip
    assert tree.clip("test/a/x.mp4") is None
    assert tree.clip("z") is None


def test_what_a_link_brings_in_from_elsewhere_is_named(tmp_path: Path):
    inside = made(tmp_path / "in", a__x_mp4="", b__y_mp4="")
    made(tmp_path / "out", z_mp4="")
    (inside / "a" / "z.mp4").symlink_to(tmp_path / "out" / "z.mp4")
    (inside / "c").symlink_to(tmp_path / "out")
    (inside / "b" / "again").symlink_to(inside)
    tree = tree_of(inside)
    assert (tree.clips, sorted(tree.outside)) == (("a/x.mp4", "b/y.mp4"), ["a/z.mp4", "c"])


def test_labels_that_are_no_text_are_named(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"a\xff")
    with pytest.raises(DataError, match=r"a.csv: byte 1 is not UTF-8; expected text in UTF-8"):
        tree_of(tmp_path).text("a.csv")
