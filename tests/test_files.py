"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from costmodel.files import OutputError, open_file, read_file, remove_left, write_all, write_whole


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


def test_a_full_disk_is_told_with_what_could_not_be_written(tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"/a: cannot be written, no space left on device$"):
        write_all({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("call", ["fsync", "chmod", "replace"])
def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch, call: str):
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*((os, call) if call == "fsync" else (Path, call)), interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "missing", "zero"])
def test_what_is_no_file_is_refused_before_anything_waits_for_it(tmp_path, kind: str):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    places = {"device": Path("/dev/zero"), "zero": tmp_path / "a\0b"}
    found = {
        "pipe": "is a named pipe, expected a file",
        "folder": "is a folder, expected a file",
        "device": "is a device, expected a file",
        "missing": "No such file or directory",
        "zero": "embedded null byte",
    }
    with pytest.raises(OSError, match=found[kind]):
        open_file(places.get(kind, tmp_path / kind))


def test_a_file_is_read_up_to_a_size(tmp_path):
    (tmp_path / "a").write_bytes(b"1234")
    assert read_file(tmp_path / "a", 4) == b"1234"
    with pytest.raises(OSError, match="more than 3 bytes"):
        read_file(tmp_path / "a", 3)


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    with monkeypatch.context() as killed:  # it neither renames nor cleans up
        killed.setattr(Path, "replace", lambda *names: None)
        killed.setattr(Path, "unlink", lambda *names, missing_ok: None)
        write_whole(tmp_path / "a[1]", b"new")
    for name in ("a[1]", ".a[1].backup", "..a[1].12345678"):
        (tmp_path / name).write_bytes(b"own")
    assert len(list(tmp_path.iterdir())) == 4
    remove_left(tmp_path / "a[1]")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["..a[1].12345678", ".a[1].backup", "a[1]"]
