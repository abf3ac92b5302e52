"""Clips to train on: moving digits made on the fly, or a folder of clips.

What makes tensors of them, `views`, loads torch; this does not.
"""

from search.data.base import Data, Videos
from search.data.open import open_data

__all__ = ["Data", "Videos", "open_data"]
