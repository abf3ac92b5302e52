"""Clips of several classes, from `labels.csv` to the mean average precision."""

from pathlib import Path

import numpy as np
import pytest

from costmodel.errors import DataError
from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import open_data
from search.train.evaluate import Views, on_clips
from search.train.loop import WEIGHTS, train
from search.train.options import Options
from search.train.recipe import Recipe

SPEC = """
input: {channels: 1, time: 2, height: 8, width: 8}
network:
  - conv: {channels: 6, kernel: [1, 3, 3]}
  - bn
  - relu
  - global_pool
  - linear: {channels: 3}
"""
ROWS = ["a,bright,train", "b,dark;still,train", "c,bright;still,train", "d,bright;still,val", "e,dark,val"]


def clips(folder: Path, rows: list[str]) -> str:
    random = np.random.default_rng(0)
    for row in rows:
        low = 150 if "bright" in row else 0
        np.save(folder / f"{row[0]}.npy", random.integers(low, low + 90, (4, 8, 8)).astype(np.uint8))
    lines = [f"{row[0]}.npy{row[1:]}" for row in rows]
    (folder / "labels.csv").write_text("\n".join(["clip,label,split", *lines]))
    return str(folder)


def test_clips_of_several_classes_learn_all_of_them(tmp_path: Path):
    data = open_data(clips(tmp_path, ROWS))
    assert data.classes == ("bright", "dark", "still")
    assert data.train.labels.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 1]]
    recipe = Recipe("tiny", 0.2, 4, 30, mirror=False)
    tiny = Network(from_text(SPEC, "tiny"))
    result = train(tiny, data, recipe, Options(folder=tmp_path / "run"))
    assert result.rows[-1]["train_loss"] < result.rows[0]["train_loss"]
    found = on_clips(tiny.graph(), tmp_path / "run" / WEIGHTS, data, Views())
    assert found.accuracy == result.accuracy
    assert (found.scores.sum(1) > 1.02).any() or (found.scores.sum(1) < 0.98).any()  # no softmax
    assert 0 < found.metrics()["mean_average_precision"] <= 1


def test_a_class_of_several_that_is_never_trained_is_named(tmp_path: Path):
    with pytest.raises(DataError) as error:
        open_data(clips(tmp_path, [*ROWS, "f,bright;new,val"]))
    assert str(error.value) == f"{tmp_path}: labels do not match, 'new' is validated but never trained"
