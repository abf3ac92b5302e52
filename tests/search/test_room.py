"""Memory that this machine has for work, and trainings that do not fit in it."""

from pathlib import Path

import pytest

import costmodel
from costmodel.errors import OptionError
from search import room
from search.room import free_bytes, must_fit, needed_bytes

KIB = 1024


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:    800 kB\n")
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(room, "_MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(room, "_CGROUP", tmp_path / "cgroup")
    return tmp_path


def written(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_without_control_groups_it_is_what_is_available(machine: Path):
    assert free_bytes() == 800 * KIB
    (machine / "meminfo").unlink()
    assert free_bytes() is None


def test_a_control_group_above_leaves_its_limit_less_what_is_taken(machine: Path):
    written(machine, membership="0::/a/b\n")
    written(machine / "cgroup" / "a" / "b", memory__max="max\n", memory__current="1\n")
    written(
        machine / "cgroup" / "a",
        memory__max="5000\n",
        memory__current="3000\n",
        memory__stat="anon 9\ninactive_file 700\n",
    )
    assert free_bytes() == 2700


def test_the_first_version_of_control_groups_is_read_too(machine: Path):
    written(machine, membership="5:cpu:/\n4:memory:/a\n")
    written(
        machine / "cgroup" / "memory" / "a",
        memory__limit_in_bytes="5000",
        memory__usage_in_bytes="6000",
        memory__stat="total_inactive_file 500",
    )
    assert free_bytes() == 0


def test_a_training_that_does_not_fit_names_the_batch_that_would():
    graph = costmodel.load("digits")
    must_fit(graph, 64, needed_bytes(graph, 64), "--batch ")
    must_fit(graph, 64, None, "--batch ")
    with pytest.raises(OptionError) as error:
        must_fit(graph, 64, needed_bytes(graph, 40), "--batch ")
    assert str(error.value).startswith("digits: training on 64 clips at once needs ")
    assert str(error.value).endswith(" GiB are free; --batch 40 would fit")


def test_a_training_of_which_no_clip_fits_says_so():
    with pytest.raises(OptionError, match="not even one clip fits; use a smaller network or clip"):
        must_fit(costmodel.load("digits"), 4, 2**20, "--batch ")
