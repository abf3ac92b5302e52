"""Files are written whole or not at all."""

from __future__ import annotations

import pytest

from costmodel.files import OutputError, write_all, write_whole


def test_a_file_replaces_the_old_one(tmp_path):
    write_whole(tmp_path / "new" / "a.txt", b"1")
    write_whole(tmp_path / "new" / "a.txt", b"2")
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"2"]


def test_nothing_is_written_where_one_of_several_cannot_be(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match=r"/b: cannot be written, is a folder$"):
        write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "a").write_text("x")
    with pytest.raises(OutputError, match=r"/a/b: cannot be written, file exists$"):
        write_whole(tmp_path / "a" / "b", b"1")
