"""Batch norms over the clips of several processes: statistics and gradients of the whole batch.

PyTorch's `SyncBatchNorm` runs on GPUs alone. This one runs wherever processes can add numbers up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional

from costmodel.emit import Network
from costmodel.emit.modules.pointwise import BatchNormLayer


@dataclass
class Counting:
    """Whether this process's clips count; one that stands in for none of its own must change nothing."""

    counts: bool = True


def share_norms(network: Network) -> Counting:
    """Makes the batch norms of a network those of all processes in training; its values stay as they are."""
    counting = Counting()
    for layer in network.layers.values():
        if isinstance(layer, BatchNormLayer):
            # not another layer: what a state dict calls the values, and who asks for norms, stay the same
            layer.forward = partial(_forward, layer, counting)  # type: ignore[method-assign]
    return counting


def _forward(layer: BatchNormLayer, counting: Counting, x: Tensor) -> Tensor:
    if not layer.training:
        return BatchNormLayer.forward(layer, x)
    mean, variance, number = _statistics(x.detach(), counting.counts)
    with torch.no_grad():
        layer.num_batches_tracked.add_(1)
        layer.running_mean.lerp_(mean, layer.momentum)
        # as torch: running variances are those of a sample, of the batch itself they are not
        layer.running_var.lerp_(variance * (number / (number - 1)), layer.momentum)
    found: Tensor = _Normed.apply(  # type: ignore[no-untyped-call]
        x, layer.weight, layer.bias, mean, variance, number, layer.eps, counting.counts
    )
    return found


def _statistics(x: Tensor, counts: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance of each channel over all processes, and over how many values."""
    variance, mean = torch.var_mean(x.float(), _others(x), correction=0)
    own, squares = mean.double(), variance.double() + mean.double() ** 2
    number = torch.full((1,), x.numel() // x.shape[1], dtype=torch.float64, device=x.device)
    # in doubles the variance may be the mean square less the squared mean, and one exchange is enough
    sums = torch.cat([own * number, squares * number, number]) * counts
    dist.all_reduce(sums)
    channels, total = x.shape[1], sums[-1]
    whole = sums[:channels] / total
    spread = (sums[channels:-1] / total - whole**2).clamp_min(0)
    return whole.float(), spread.float(), total.float()


class _Normed(torch.autograd.Function):
    """The norm by given statistics that depend on the clips of all processes  (Ioffe 2015, sec. 3)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        number: Tensor,
        eps: float,
        counts: bool,
    ) -> Tensor:
        """Normed values."""
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt(), number)
        ctx.counts = counts
        return functional.batch_norm(x, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients; those of the statistics come from the clips of all processes."""
        x, weight, mean, inverse, number = ctx.saved_tensors
        (given,) = gradients
        wide = (1, -1, *(1,) * (x.dim() - 2))
        gradient, normed = given.float(), (x.float() - mean.view(wide)) * inverse.view(wide)
        sums = torch.stack([gradient.sum(_others(x)), (gradient * normed).sum(_others(x))])
        bias, scale = sums.clone()
        dist.all_reduce(sums)
        means = sums / number
        found = gradient - means[0].view(wide) - normed * means[1].view(wide)
        found = found * ((weight * inverse).view(wide) * ctx.counts)
        return found.to(x.dtype), scale, bias, None, None, None, None, None


def _others(x: Tensor) -> list[int]:
    return [axis for axis in range(x.dim()) if axis != 1]
