"""The operations that a running layer dispatches, by kind; nothing is asked of its op."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

# What is computed of each value, by the name of what computes it.
ACTIVATIONS: Mapping[str, str] = {
    "relu": "relu",
    "hardtanh": "relu6",
    "silu": "swish",
    "sigmoid": "sigmoid",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "gelu": "gelu",
    "softplus": "softplus",
    "mish": "mish",
    "tanh": "tanh",
    "_prelu_kernel": "prelu",
    "_softmax": "softmax",
}
NORMS = frozenset(
    ("native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "native_layer_norm")
)
NORMS |= {"native_group_norm", "_native_batch_norm_legit", "_batch_norm_no_update"}


ADDS_BIAS = frozenset(("convolution", "addmm", "baddbmm", "add", "addcmul"))


class Dispatched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is dispatched while it is entered.

    Args:
        biases: tensors that are added to outputs.

    Attributes:
        counts: multiply-adds (`mac`), additions of a bias (`bias`), values through each activation and norm
            (`activation.relu`, `norm`; `affine` of those scaled), other sums and products (`add`, `mul`).
    """

    def __init__(self, biases: Collection[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[str] = Counter()
        self._biases = {each.untyped_storage()._cdata for each in biases}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        out = next((each for each in tree_leaves(found) if isinstance(each, Tensor)), None)
        if out is not None and out.is_floating_point():
            self._count(func.overloadpacket, args, kwargs or {}, found, out)
        return found

    def _count(self, packet: Any, args: Any, kwargs: Mapping[str, Any], found: Any, out: Tensor) -> None:
        name = packet.__name__.rstrip("_")
        given = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        if packet in flop_registry:
            self.counts["mac"] += flop_registry[packet](*args, **kwargs, out_val=found) // 2
        elif name == "addcmul":
            self.counts["mac"] += out.numel()
        has_bias = any(each.untyped_storage()._cdata in self._biases for each in given)
        if has_bias and name in ADDS_BIAS:
            self.counts["bias"] += out.numel()
        elif name in NORMS:
            self.counts["norm"] += out.numel()
            self.counts["affine"] += out.numel() * any(each.dim() == 1 for each in given)
        elif name in ACTIVATIONS:
            # A SELU is an ELU with a scale.
            is_selu = name == "elu" and len(args) > 2 and args[2] != 1
            self.counts[f"activation.{'selu' if is_selu else ACTIVATIONS[name]}"] += out.numel()
            if name == "_softmax":
                self.counts["softmax.rows"] += out.numel() // out.shape[args[1]]
        elif name.startswith("upsample"):
            self.counts["interpolate"] += out.numel()
        elif name in ("add", "sub"):
            self.counts["add"] += out.numel()
        elif name in ("mul", "div"):
            self.counts["mul"] += out.numel()


def dispatched(run: Callable[[], Tensor | None], module: nn.Module) -> tuple[Tensor | None, Counter[str]]:
    """What a module answers, and what was dispatched for it."""
    named = module.named_parameters()
    mode = Dispatched([each for name, each in named if name.startswith("bias")])
    with torch.no_grad(), mode:
        answer = run()
    return answer, mode.counts
