"""Memory that this process may still take."""

import resource
from pathlib import Path

import pytest

from costmodel import free_memory
from costmodel.free_memory import free_bytes

KIB = 1024


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:    800 kB\n")
    monkeypatch.setattr(free_memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(free_memory, "_MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(free_memory, "_CGROUP", tmp_path / "cgroup")
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


def test_a_limit_on_addresses_leaves_what_is_not_mapped_yet(machine: Path, monkeypatch: pytest.MonkeyPatch):
    (machine / "statm").write_text("100 20 3\n")
    monkeypatch.setattr(free_memory, "_PAGES", machine / "statm")
    page = resource.getpagesize()
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (130 * page, 900 * page))
    assert free_bytes() == 30 * page
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (90 * page, 900 * page))
    assert free_bytes() == 0
