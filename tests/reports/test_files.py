import os
from pathlib import Path

import pytest

import costmodel
from reports.files import OutputError, write_files

FILES = {"a.csv": b"1,2\n", "b.md": b"# b\n"}


def test_files_are_written_into_a_new_folder(tmp_path: Path):
    assert [path.name for path in write_files(tmp_path / "new" / "out", FILES)] == ["a.csv", "b.md"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "new" / "out").iterdir()} == FILES


def test_older_files_of_the_same_name_are_replaced(tmp_path: Path):
    (tmp_path / "a.csv").write_text("old")
    write_files(tmp_path, FILES)
    assert (tmp_path / "a.csv").read_bytes() == FILES["a.csv"]


def test_a_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match=r"--out: .*/out: is a file, expected a folder to write to"):
        write_files(tmp_path / "out", FILES)
    assert (tmp_path / "out").read_text() == "mine"


def test_nothing_is_half_written_where_one_file_cannot_be(tmp_path: Path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "b.md").mkdir()
    with pytest.raises(OutputError, match=r"b\.md: cannot be written, is a folder"):
        write_files(tmp_path, FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.md"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(OutputError, match="no space left on device"):
        write_files(tmp_path, FILES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        write_files(tmp_path / "out", FILES)


def test_the_package_is_no_place_for_files():
    inside = Path(costmodel.__path__[0]) / "out"
    with pytest.raises(OutputError, match="lies inside the package, expected a folder of your own"):
        write_files(inside, FILES)
    assert not inside.exists()
