"""Matrix products on the channels of every position: what pointwise and linear layers run as."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from costmodel.emit.modules.forms import is_compiled

COMPILED = (torch.float32, torch.float64, torch.bfloat16)


def product(
    positions: Tensor, weight: Tensor, bias: Tensor | None, dtype: torch.dtype | None = None
) -> Tensor:
    """Positions (..., inputs) by a weight (outputs, inputs) and a bias: as docs/speed.md measured it fastest.

    Eagerly a call of the library that adds the bias too. For a compiler, which joins the bias to the loop
    behind, a bare product by the weight, turned around as a constant: what PyTorch's compiler makes of
    `linear` ahead of time looks a kernel up at each call, takes new memory for its answer, and is slower.
    In another type the factors are rounded to it, and the product from it, of more than one position.
    """
    shape = positions.shape[:-1]
    own = positions.dtype
    if dtype is not None and shape.numel() > 1:
        positions, weight = positions.to(dtype), weight.to(dtype)
    if not is_compiled() or weight.dtype not in COMPILED:
        if positions.dim() > 2 and len(positions) > 1:
            # Of positions that do not lie one behind the other torch makes a product for each
            # frame, and reads the weights anew for it: twice to six times as slow.
            positions = positions.flatten(0, -2)
        products = functional.linear(positions, weight, bias if weight.dtype == own else None)
        products = products.view(*shape, len(weight)).to(own)
        return products if bias is None or weight.dtype == own else products + bias
    if shape.numel() == 1:
        # As of a squeeze: to call the library takes longer than a loop over so few products.
        products = (weight * positions.flatten()).sum(1)
    else:
        # Of one batch, as the compiler packs plain products for that slower call.
        flat = positions.reshape(1, -1, positions.shape[-1])
        products = torch.bmm(flat, weight.t().contiguous().unsqueeze(0))
    products = products.view(*shape, len(weight)).to(own)
    return products if bias is None else products + bias
