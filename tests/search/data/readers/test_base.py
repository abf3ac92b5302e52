from pathlib import Path

import pytest
from labelled import made

from costmodel.errors import DataError
from search.data.readers import reader_of
from search.data.readers.base import reader
from search.data.tree import tree_of


def test_an_unknown_reader_is_named_with_the_nearest(tmp_path: Path):
    with pytest.raises(DataError, match=r"reader=kinetic: unknown \(did you mean 'kinetics'\?\)"):
        reader_of(tree_of(tmp_path), "kinetic")


def test_labels_of_two_kinds_need_a_choice(tmp_path: Path):
    made(tmp_path, labels_csv="clip,label\n", train_csv="a.mp4 0\n")
    tree = tree_of(tmp_path)
    with pytest.raises(DataError, match=r"holds labels of labels_csv and path_label; choose one"):
        reader_of(tree)
    assert reader_of(tree, "path_label").name == "path_label"


def test_two_readers_of_one_name_are_refused():
    with pytest.raises(AssertionError, match=r"two readers are called kinetics"):
        reader("kinetics", "another", lambda tree: False)(lambda tree, split: None)
