"""Running batch norm, activations and dropout: the same on clips and frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.emit.groups import Groups
from costmodel.emit.modules.base import AnyOp, Layer, mirrors
from costmodel.emit.modules.texts import clips
from costmodel.emit.modules.written import Written, differing, literal, writes
from costmodel.ops import BatchNorm, Dropout, Identity, Prelu, Softmax
from costmodel.ops.pointwise import ELEMENTWISE, Elementwise
from costmodel.types import TensorType


class _Pointwise(Layer[AnyOp]):
    def frame(self, *frames: Tensor) -> Tensor:
        return self.forward(*frames)


@mirrors(BatchNorm)
class BatchNormLayer(_Pointwise[BatchNorm]):
    """Batch norm, with the parameters and buffers of torch's own."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, op: BatchNorm, x: TensorType) -> None:
        super().__init__(op, x)
        channels = int(x.channels)
        self.eps = float(op.eps)
        # torch's own: the share of a new batch in the running statistics.
        self.momentum = 0.1
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        # Nothing here reads it; torch's checkpoints have it.
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, *given: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked.add_(1)
        return functional.batch_norm(
            given[0],
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.eps,
        )

    def grouped(self, given: Groups) -> Groups:
        """The norm of clips in groups in training, by the statistics of all of them together."""
        # Channels first, positions of all groups side by side: one batch of one, whose statistics are theirs.
        flat = [each.transpose(0, 1).flatten(1) for each in given.clips]
        found = self.forward(torch.cat(flat, 1).unsqueeze(0)).squeeze(0)
        parts = torch.split(found, [each.shape[1] for each in flat], 1)
        shaped = zip(parts, given.clips, strict=True)
        clips = [part.reshape(-1, len(each), *each.shape[2:]).transpose(0, 1) for part, each in shaped]
        return Groups.of(given.rows, clips)


@mirrors(*ELEMENTWISE.values())
class ElementwiseLayer(_Pointwise[Elementwise]):
    """A function of each value alone, as the row of its op names it."""

    def forward(self, *given: Tensor) -> Tensor:
        return _function(self.op)(given[0], **self.op.given)

    def overwrite(self, frame: Tensor) -> Tensor:
        module, _, name = self.op.row.function.rpartition(".")
        if not self.op.row.in_place:
            return self.forward(frame)
        # torch's functions end in an underscore where they overwrite, those of `functional` take an option.
        if module == "F":
            return _function(self.op)(frame, **self.op.given, inplace=True)
        return cast(Tensor, getattr(frame, f"{name}_")())


def _function(op: Elementwise) -> Callable[..., Tensor]:
    module, _, name = op.row.function.rpartition(".")
    return cast(Callable[..., Tensor], getattr({"F": functional, "torch": torch}.get(module, clips), name))


@mirrors(Prelu)
class PreluLayer(_Pointwise[Prelu]):
    """A rectifier with learned slopes."""

    def __init__(self, op: Prelu, x: TensorType) -> None:
        super().__init__(op, x)
        (slopes,) = op.weights(x)["weight"]
        # As torch and He et al. 2015 (sec. 2.1) start it.
        self.weight = nn.Parameter(torch.full((int(slopes),), 0.25))

    def forward(self, *given: Tensor) -> Tensor:
        return functional.prelu(given[0], self.weight)


@mirrors(Identity)
class IdentityLayer(_Pointwise[Identity]):
    """Answers its input unchanged."""

    is_fresh = False

    def forward(self, *given: Tensor) -> Tensor:
        return given[0]


@mirrors(Softmax)
class SoftmaxLayer(_Pointwise[Softmax]):
    """exp(x) over its sum across the channels."""

    def forward(self, *given: Tensor) -> Tensor:
        return given[0].softmax(1)


@mirrors(Dropout)
class DropoutLayer(_Pointwise[Dropout]):
    """Zeroes values at random in training."""

    is_fresh = False

    def __init__(self, op: Dropout, x: TensorType) -> None:
        super().__init__(op, x)
        self.rate = float(op.rate)

    def forward(self, *given: Tensor) -> Tensor:
        return functional.dropout(given[0], self.rate, self.training) if self.training else given[0]


@writes(BatchNorm)
def _batch_norm(op: BatchNorm, x: TensorType) -> Written:
    options = differing(eps=(float(op.eps), 1e-5))
    return Written("nn.BatchNorm3d", {"channels": x.channels}, options)


@writes(*ELEMENTWISE.values())
def _elementwise(op: Elementwise, x: TensorType) -> Written:
    is_text = "." not in op.row.function
    carried = (getattr(clips, op.row.function),) if is_text else ()
    options = {name: literal(value) for name, value in op.given.items()}
    return Written(call=op.row.function, call_options=options, carried=carried)


@writes(Prelu)
def _prelu(op: Prelu, x: TensorType) -> Written:
    (slopes,) = op.weights(x)["weight"]
    return Written("nn.PReLU", options=differing(num_parameters=(slopes, 1)))


@writes(Identity)
def _identity(op: Identity, x: TensorType) -> Written:
    return Written("nn.Identity")


@writes(Softmax)
def _softmax(op: Softmax, x: TensorType) -> Written:
    return Written(call="F.softmax", call_options={"dim": "1"})


@writes(Dropout)
def _dropout(op: Dropout, x: TensorType) -> Written:
    options = {"p": str(float(op.rate)), "training": "self.training"}
    return Written(call="F.dropout", call_options=options)
