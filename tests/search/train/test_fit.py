"""Networks and data that do not fit each other."""

import pytest
from tiny_training import run, tiny

from costmodel.errors import DataError


def test_another_number_of_classes_is_named():
    with pytest.raises(DataError) as error:
        run(trained=tiny(classes=7))
    expected = "labels don't match, it answers 7 classes and the data has 12; try --set classes=12"
    assert str(error.value) == f"tiny: {expected}"
