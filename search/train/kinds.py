"""The ways to run a clip in training, by name."""

from typing import Literal

Kind = Literal["clip", "unpadded", "stepwise"]
