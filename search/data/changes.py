"""Changes of a clip, all its frames alike: torchvision's colour jitter and RandAugment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from costmodel.errors import OptionError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

HUE = 0.25  # of what the other three are changed by: half a turn of hue is every colour's opposite


@dataclass(frozen=True)
class Changes:
    """What is changed of a clip.

    Args:
        jitter: the largest change of brightness, contrast and saturation, as a share; a quarter of it of hue.
        rand_augment: how many operations of RandAugment  (Cubuk 2019).
        magnitude: of each of them, from 0 to 30.
    """

    jitter: float = 0
    rand_augment: int = 0
    magnitude: int = 9

    def __call__(self, clip: Tensor, seed: int) -> Tensor:
        """A clip (time, channels, height, width) of bytes, changed as the seed has it."""
        # torchvision draws from torch's own numbers, which others go on with as if nothing had been drawn
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            for change in self._made:
                clip = change(clip)
        return clip

    @cached_property
    def _made(self) -> tuple[Callable[[Tensor], Tensor], ...]:
        v2 = _transforms()
        jitter = v2.ColorJitter(self.jitter, self.jitter, self.jitter, min(self.jitter * HUE, 0.5))
        augment = v2.RandAugment(self.rand_augment, self.magnitude)
        return (*[jitter] * bool(self.jitter), *[augment] * bool(self.rand_augment))


def changes_of(jitter: float, rand_augment: int, magnitude: int) -> Changes | None:
    """The changes that a recipe asks for, None where it asks for none.

    Raises:
        OptionError: torchvision is not installed.
    """
    if not (jitter or rand_augment):
        return None
    _transforms()
    return Changes(jitter, rand_augment, magnitude)


def _transforms() -> Any:  # torchvision has no types
    try:
        from torchvision.transforms import v2
    except RuntimeError as error:
        raise OptionError(
            "jitter and rand_augment: the torchvision that is installed is made for another PyTorch than "
            f"{torch.__version__}: {one_line(str(error))}"
        ) from error
    except ImportError as error:
        raise OptionError(
            "jitter and rand_augment: a recipe with them needs torchvision: pip install 'costmodel[augment]'"
        ) from error
    return v2
