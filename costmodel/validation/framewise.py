"""A module whose squeeze-excites pool each frame alone: the edit that makes it comparable with a stream.

The frames of what is pooled go through the module's own layers as one batch that they do not see, whatever
shapes they view it in, until they meet all frames of the clip again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._C import _functorch
from torch.utils._pytree import tree_map_only

from costmodel.validation.calls import Call, Place


class Framewise:
    """Answers the calls of a module that pool a clip, and those that join the result with the clip.

    Args:
        edits: the calls that pool, each with the axis of time of what it reads as its first argument.
    """

    def __init__(self, edits: Mapping[Place, int]) -> None:
        self._edits = edits
        self._axis = 2
        self._frames = 0
        self._level: int | None = None

    def takes(self, call: Call) -> bool:
        """Whether a call is one of them."""
        return call.place in self._edits or (self._level is not None and self._joins(call))

    def answer(self, call: Call) -> Any:
        """What such a call answers."""
        return self._pooled(call) if call.place in self._edits else self._joined(call)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the module runs."""
        try:
            yield
        finally:
            self._leave()

    def _pooled(self, call: Call) -> Tensor:
        clip: Tensor = call.arguments[0]
        self._axis = self._edits[call.place]
        self._frames = clip.shape[self._axis]
        each = [call.taking(0, clip.narrow(self._axis, frame, 1)).run() for frame in range(self._frames)]
        self._leave()
        self._level = _functorch._vmap_increment_nesting(self._frames, "error")
        return _functorch._add_batch_dim(torch.stack(each), 0, self._level)

    def _joins(self, call: Call) -> bool:
        tensors = [each for _, each in call.tensors()]
        return any(map(_is_hidden, tensors)) and any(map(self._is_clip, tensors))

    def _is_clip(self, tensor: Tensor) -> bool:
        is_own = isinstance(tensor, nn.Parameter) or _is_hidden(tensor)
        return not is_own and tensor.dim() > self._axis and tensor.shape[self._axis] == self._frames

    def _joined(self, call: Call) -> Any:
        """The call once the frames of the result lie along the clip's axis of time again."""
        shown = tree_map_only(Tensor, self._shown, (call.arguments, dict(call.named)))
        self._leave()
        return call.function(*shown[0], **shown[1])

    def _shown(self, tensor: Tensor) -> Tensor:
        if not _is_hidden(tensor):
            return tensor
        assert self._level is not None
        frames: Tensor = _functorch._remove_batch_dim(tensor, self._level, self._frames, 0)
        axis = self._axis + 1
        if frames.shape[axis] == 1:
            return frames.squeeze(axis).movedim(0, self._axis)
        # Spread over the clip by now: of each frame its own is taken.
        return frames.diagonal(0, 0, axis).movedim(-1, self._axis)

    def _leave(self) -> None:
        if self._level is not None:
            _functorch._vmap_decrement_nesting()
            self._level = None


def _is_hidden(tensor: Tensor) -> bool:
    return bool(_functorch.is_batchedtensor(tensor))
