"""Videos are looked into once, and again when they change."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from encoded import encode, shown

from search.data import open_data
from search.video import index as index_module
from search.video.index import INDEX, Index
from search.video.recording import recording

RATE = Fraction(30)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were looked into."""
    names: list[str] = []

    def noted(path: Path, rate: Fraction):
        names.append(path.name)
        return recording(path, rate)

    monkeypatch.setattr(index_module, "recording", noted)
    return names


def test_a_video_is_looked_into_once_and_again_when_it_changes(tmp_path: Path, looked: list[str]):
    path, folder = encode(tmp_path / "a.mp4", shown(9)), tmp_path / "cache"
    first = Index(folder)
    expected = first.recording(path, RATE)
    first.write()
    assert Index(folder).recording(path, RATE) == expected == recording(path, RATE)
    assert looked == ["a.mp4"]
    encode(path, shown(20))
    assert Index(folder).recording(path, RATE).seconds == Fraction(20, 30)
    assert looked == ["a.mp4", "a.mp4"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda row: [*row[:2], 100_000, 100_000, *row[4:]],
        lambda row: [*row[:4], "1/0", *row[5:]],
        lambda row: row[:5],
        lambda row: "row",
    ],
)
def test_a_row_that_is_none_is_not_believed(tmp_path: Path, looked: list[str], damage):
    path, folder = encode(tmp_path / "a.mp4", shown(9)), tmp_path / "cache"
    begun = Index(folder)
    begun.recording(path, RATE)
    begun.write()
    rows = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({name: damage(row) for name, row in rows.items()}))
    assert Index(folder).recording(path, RATE) == recording(path, RATE)
    (folder / INDEX).write_text("[")
    assert Index(folder).recording(path, RATE) == recording(path, RATE)
    assert len(looked) == 3


def test_a_set_with_a_cache_opens_without_a_look_into_its_videos(tmp_path: Path, looked: list[str]):
    for number in range(10):
        encode(tmp_path / "set" / "ab"[number % 2] / f"{number}.mp4", shown(4, first=number))
    given = f"{tmp_path / 'set'}:cache={tmp_path / 'cache'}"
    first = open_data(given)
    assert len(looked) == 10
    open_data.cache_clear()
    again = open_data(given)
    assert len(looked) == 10
    assert again.key == first.key
    assert again.train.recordings == first.train.recordings
    open_data.cache_clear()
    assert len(open_data(str(tmp_path / "set")).train.labels) == len(first.train.labels)
    assert len(looked) == 20
