"""Data sets by the text that names them."""

import pytest

from costmodel.errors import DataError
from search.data import open_data


def test_sizes_are_read_from_the_text():
    data = open_data("digits:train=40,val=20,length=8", 5)
    assert (len(data.train.labels), len(data.validation.labels)) == (40, 20)
    assert data.train.lengths.tolist() == [8] * 40
    assert data.key == "digits:train=40,val=20,length=8,seed=5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("digits:trian=4", "--data digits:trian=4: unknown 'trian' (did you mean 'train'?)"),
        ("digits:train=0", "--data digits:train=0: train is '0', expected a whole number from 1 to 1000000"),
        (
            "digits:train=1",
            "digits: all training clips have one label, expected two or more",
        ),
    ],
)
def test_a_wrong_size_is_named(text: str, message: str):
    with pytest.raises(DataError) as error:
        open_data(text)
    assert str(error.value) == message
