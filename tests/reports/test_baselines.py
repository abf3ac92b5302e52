"""The drawing of searches against each other holds every trial."""

from pathlib import Path

import pytest

from reports.baselines import draw, table, write
from search.trials.baselines import Trial

TRIALS = [
    Trial("expansion", 0, 0.8, 0.7, 1600, 900, 21, "frames 16"),
    Trial("expansion", 1, 0.9, 0.8, 1600, 900, 21, "frames 8, gamma_b 2.2"),
    Trial("random", 0, 0.6, None, 1500, 800, 9, "crop 24"),
]


def test_the_table_has_a_row_for_each_trial():
    found = table(TRIALS)
    assert list(found["method"]) == ["expansion", "expansion", "random"]
    assert list(found["sizes"])[1] == "frames 8, gamma_b 2.2"


def test_the_best_method_stands_on_top_with_a_mark_for_each_seed():
    (axes,) = draw(TRIALS, "digits").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["random", "expansion"]
    marks = [
        sorted(line.get_xdata()) for line in axes.lines if line.get_marker() in "oD" and len(line.get_xdata())
    ]
    assert marks == [[0.6], [0.8, 0.9], [0.7, 0.8]]


def test_the_same_trials_give_the_same_bytes(tmp_path: Path):
    first, second = (write(TRIALS, "digits", tmp_path / name) for name in "ab")
    assert [path.name for path in first] == ["baselines.csv", "baselines.png", "baselines.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path: Path):
    (tmp_path / "out").write_text("")
    with pytest.raises(Exception, match="is a file, expected a folder"):
        write(TRIALS, "digits", tmp_path / "out")
