"""Metrics against what is worked out by hand."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch

from costmodel.network import Network
from costmodel.spec.document import from_text
from search.data import open_data
from search.train.evaluate import Views, on_clips
from search.train.loop import WEIGHTS, train
from search.train.metrics import (
    average_precision,
    confusion,
    loss_of,
    mean_average_precision,
    per_class,
    right_in,
    standard_error,
    top,
)
from search.train.options import Options
from search.train.recipe import Recipe

SCORES = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25], [0.2, 0.5, 0.3]], np.float32)
ONE = np.array([0, 2, 1, 0])
SEVERAL = np.array([[1, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])


def test_top_k_counts_a_label_among_the_highest_scores():
    assert [top(SCORES, ONE, k) for k in (1, 2, 3)] == [0.5, 0.75, 1.0]
    assert top(SCORES, SEVERAL) == 0.5


def test_average_precision_is_the_mean_over_the_wanted():
    wanted = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), wanted) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0.5, 0.5, 0.5, 0.5]), wanted) == pytest.approx(0.5)


def test_the_mean_over_classes_leaves_out_those_without_a_video():
    first = (1 + 2 / 3) / 2  # 0.5 right, 0.4 wrong, 0.2 right, 0.1: the second is third
    scores, labels = SCORES[:, :1], np.array([0, 5, 5, 0])
    assert mean_average_precision(scores, labels) == pytest.approx(first)


def test_a_confusion_has_a_row_for_each_label_and_a_column_for_each_answer():
    assert confusion(SCORES, ONE).tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert confusion(SCORES, SEVERAL).sum() == SEVERAL.sum()


def test_each_class_has_its_recall_and_precision():
    rows = per_class(SCORES, ONE, ("a", "b", "c"))
    assert [row["recall"] for row in rows] == [0.5, 0.0, 1.0]
    assert [row["precision"] for row in rows] == [0.5, 0.0, 1.0]
    assert [row["videos"] for row in rows] == [2, 1, 1]


def test_a_standard_error_is_binomial_and_never_zero():
    assert standard_error(0.875, 24) == pytest.approx(sqrt(0.875 * 0.125 / 24))
    assert standard_error(1, 24) == pytest.approx(sqrt(24 / 25 / 25 / 24))
    draws = np.random.default_rng(0).binomial(50, 0.3, 20_000) / 50
    assert standard_error(0.3, 50) == pytest.approx(draws.std(), rel=0.03)


def test_several_labels_learn_by_the_sum_of_binary_losses():
    logits, labels = torch.randn(4, 3), torch.from_numpy(SEVERAL)
    chances = logits.sigmoid()
    by_hand = -(labels * chances.log() + (1 - labels) * (1 - chances).log()).sum(1).mean()
    torch.testing.assert_close(loss_of(logits, labels), by_hand)
    torch.testing.assert_close(loss_of(logits, labels, "sum"), by_hand * 4)
    assert right_in(torch.from_numpy(SCORES), labels) == 2


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
