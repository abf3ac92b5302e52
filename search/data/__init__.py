"""Clips to train on: moving digits made on the fly, or a folder of clips."""

from search.data.base import Data, Videos
from search.data.open import open_data
from search.data.views import View, batches, centre_clips, training_clips

__all__ = ["Data", "Videos", "View", "batches", "centre_clips", "open_data", "training_clips"]
