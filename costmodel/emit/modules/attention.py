"""Attention between positions: what runs, what is kept, how it is written."""

from __future__ import annotations

import torch
from torch import Tensor

from costmodel.emit.modules.base import Layer, mirrors
from costmodel.emit.modules.keeper import Keeper, Kept, keeps, numbered
from costmodel.emit.modules.texts import attention, clips
from costmodel.emit.modules.written import Written, differing, literal, writes, writes_steps
from costmodel.ops import Attention, Step
from costmodel.types import TensorType


@mirrors(Attention)
class AttentionLayer(Layer[Attention]):
    """For every position of the query a mean of the value, weighted by the key."""

    def forward(self, *clips: Tensor) -> Tensor:
        if self.op.over == "time":
            return self.positions(*clips)
        return self.attend(*clips) if self.op.over == "clip" else self.frames(*clips)

    def frame(self, *frames: Tensor) -> Tensor:
        if self.op.over == "time":
            return self.positions(*(each.unsqueeze(2) for each in frames)).squeeze(2)
        return self.attend(*frames)

    def positions(self, *clips: Tensor) -> Tensor:
        """The answer of each position to its own frames, each position as an item of the batch."""
        batch, _, _, height, width = clips[0].shape
        found = self.attend(*(each.permute(0, 3, 4, 1, 2).flatten(0, 2) for each in clips))
        return found.reshape(batch, height, width, *found.shape[1:]).permute(0, 3, 4, 1, 2)

    def frames(self, *clips: Tensor) -> Tensor:
        if self.op.over == "time":  # where one frame of a clip comes here: each position has itself alone
            frames = zip(*(clip.unbind(2) for clip in clips), strict=True)
            return torch.stack([self.frame(*each) for each in frames], dim=2)
        # One frame after the other, so that no product is made of frames that are not attended to.
        found = []
        for number in range(clips[0].shape[2]):
            seen = slice(max(0, number + 1 - self.op.reach), number + 1)
            query, (key, value) = clips[0][:, :, number], (clip[:, :, seen] for clip in clips[1:])
            found.append(self.attend(query, key, value))
        return torch.stack(found, dim=2)

    def attend(self, *given: Tensor, there: Tensor | None = None) -> Tensor:
        """The answer to all positions of a query from those of a key and a value that are `there`."""
        # Each head as an item of the batch: its channels lie next to each other.
        heads = int(self.op.heads)
        query, key, value = (each.reshape(len(each) * heads, each.shape[1] // heads, -1) for each in given)
        there = there if there is None or heads == 1 else there.repeat_interleave(heads, 0)
        pairs = torch.bmm(query.transpose(1, 2), key)
        if there is not None:
            pairs = pairs.masked_fill(~there, -torch.inf if self.op.softmax else 0.0)
        # Scaled by the channels (Vaswani et al. 2017, eq. 1), without
        # a softmax by the positions (Wang et al. 2018, sec. 3.2).
        if self.op.softmax:
            shares = (pairs * query.shape[1] ** -0.5).softmax(-1)
        else:
            shares = pairs / key.shape[2] if there is None else pairs / there.sum(2, keepdim=True)
        found = torch.bmm(value, shares.transpose(1, 2))
        return found.reshape(len(given[0]), -1, *given[0].shape[2:])


@keeps(Attention)
class AttentionKeeper(Keeper):
    """Keys and values of the frames before; ahead of the first there are none, whatever `init` says."""

    joins = True
    counts = True

    def __init__(self, layer: AttentionLayer, op: Step, *inputs: TensorType) -> None:
        held = op.carry(*inputs).kept
        super().__init__({**numbered("keys", held["keys"]), **numbered("values", held["values"])}, 0.0)
        self.layer, self.earlier = layer, int(held["keys"].time)

    def joined(self, frames: Kept, kept: Kept, seen: Tensor) -> tuple[Tensor, Kept]:
        query, key, value = frames
        # Copies, as what they are read from may be overwritten, or be a part of larger memory.
        keys, values = (*kept[: self.earlier], key.clone()), (*kept[self.earlier :], value.clone())
        # In an export it runs ahead of its first frame too, where `seen` is negative: one frame is there.
        ages = torch.arange(self.earlier, -1, -1, device=seen.device)
        there = (ages <= seen.clamp(min=0).unsqueeze(1)).repeat_interleave(key[0, 0].numel(), 1)
        answer = self.layer.attend(
            query, torch.stack(keys, 2), torch.stack(values, 2), there=there.unsqueeze(1)
        )
        return answer, (*keys[1:], *values[1:])

    def replicated(self, frame: Tensor, phase: int) -> Kept:
        return self.empty(len(frame), frame)


@writes(Attention)
def _written(op: Attention, *inputs: TensorType) -> Written:
    softmax = {"softmax": literal(op.softmax), **_heads(op)}
    if op.over == "clip":
        return Written(call="attend", call_options=softmax, carried=(clips.attend,))
    if op.over == "time":
        carried = (clips.attend, attention.attend_in_time)
        return Written(call="attend_in_time", call_options=softmax, carried=carried)
    options = softmax | ({"frames": literal(op.reach)} if op.reach > 1 else {})
    return Written(call="attend_back", call_options=options, carried=(clips.attend, attention.attend_back))


@writes_steps(Attention)
def _written_in_steps(step: Step, op: Attention, *inputs: TensorType) -> Written:
    options = differing(softmax=(op.softmax, True), heads=(op.heads, 1))
    carried = (clips.attend, attention.StreamAttention)
    return Written("StreamAttention", {"frames": op.reach}, options, carried=carried)


def _heads(op: Attention) -> dict[str, str]:
    return {} if op.heads == 1 else {"heads": literal(op.heads)}
