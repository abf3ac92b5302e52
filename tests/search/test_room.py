"""Trainings that do not fit in the memory of this machine."""

import pytest

import costmodel
from costmodel.errors import OptionError
from search.room import must_fit, needed_bytes


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
