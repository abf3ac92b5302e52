import numpy as np

from search.data import open_data
from search.data.first import first_of


def test_the_first_videos_are_as_they_were():
    every = open_data("digits:train=24,val=24,length=4").validation
    few = first_of(every, 5)
    assert few.labels.tolist() == every.labels[:5].tolist()
    assert (len(few.lengths), few.height, few.width, few.channels) == (5, every.height, every.width, 1)
    index, times = np.array([4]), np.array([[0, 3]])
    assert np.array_equal(few.frames(index, times), every.frames(index, times))
