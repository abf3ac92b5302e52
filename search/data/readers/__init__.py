"""Readers of labels: one file for each way in which a data set says which clip is what.

To add one: a file here with a function under `@reader`, and its line in the list below.
"""

from search.data.readers import (
    charades,
    folders,
    hmdb51,
    jester,
    kinetics,
    labels_csv,
    path_label,
    something,
    ucf101,
)
from search.data.readers.base import READERS, Labelled, Listing, Reader, reader_of

__all__ = [
    "READERS",
    "Labelled",
    "Listing",
    "Reader",
    "charades",
    "folders",
    "hmdb51",
    "jester",
    "kinetics",
    "labels_csv",
    "path_label",
    "reader_of",
    "something",
    "ucf101",
]
