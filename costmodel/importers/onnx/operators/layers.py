"""Norms, linear layers, attention, interpolation."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from costmodel.importers.onnx.given import Given
from costmodel.importers.onnx.operators.base import operator
from costmodel.importers.refusal import Refusal


@operator("BatchNormalization")
def batch_norm(given: Given) -> Tensor:
    """A batch norm with running statistics."""
    given.must_be("training_mode", 0)
    given.must_be("spatial", 1)
    given.changes_nothing("momentum")
    scale, shift, mean, variance = (given.tensor(index) for index in range(1, 5))
    eps = given.number("epsilon", 1e-5)
    return F.batch_norm(given.tensor(), mean, variance, scale, shift, False, 0.1, eps)


@operator("InstanceNormalization")
def instance_norm(given: Given) -> Tensor:
    """A norm of each channel over the map or the clip."""
    eps = given.number("epsilon", 1e-5)
    return F.instance_norm(given.tensor(), weight=given.tensor(1), bias=given.tensor(2), eps=eps)


@operator("LayerNormalization")
def layer_norm(given: Given) -> Tensor:
    """A norm over the last dimensions."""
    given.must_be("stash_type", 1)
    value = given.tensor()
    axis = given.whole("axis", -1) % value.dim()
    eps = given.number("epsilon", 1e-5)
    return F.layer_norm(value, value.shape[axis:], given.tensor(1), given.maybe(2), eps)


@operator("GroupNormalization")
def group_norm(given: Given) -> Tensor:
    """A norm over groups of channels."""
    given.must_be("stash_type", 1)
    if given.opset < 21:
        raise Refusal("scales groups, not channels, before opset 21", "export it with opset 21 or newer")
    groups, eps = given.whole("num_groups", 1), given.number("epsilon", 1e-5)
    return F.group_norm(given.tensor(), groups, given.tensor(1), given.tensor(2), eps)


@operator("RMSNormalization")
def rms_norm(given: Given) -> Tensor:
    """A norm by the root mean square over the last dimensions."""
    given.must_be("stash_type", 1)
    value = given.tensor()
    axis = given.whole("axis", -1) % value.dim()
    return F.rms_norm(value, value.shape[axis:], given.tensor(1), given.number("epsilon", 1e-5))


@operator("Gemm")
def gemm(given: Given) -> Tensor:
    """A linear layer."""
    given.must_be("transA", 0)
    given.must_be("alpha", 1.0)
    given.must_be("beta", 1.0)
    weight = given.tensor(1)
    return F.linear(given.tensor(), weight if given.whole("transB", 0) else weight.t(), given.maybe(2))


@operator("MatMul")
def matmul(given: Given) -> Tensor:
    """A linear layer where one side is learned, a product of two tensors otherwise."""
    value, other = given.tensor(), given.tensor(1)
    if 1 in given.learned and other.dim() == 2:
        return F.linear(value, other.t())
    return torch.matmul(value, other)


@operator("Attention")
def attention(given: Given) -> Tensor:
    """Attention between positions, heads in a dimension of their own."""
    given.must_be("is_causal", 0)
    given.must_be("softcap", 0.0)
    if any(given.has(index) for index in range(3, len(given.inputs))):
        raise Refusal("has a mask or keys of the past", "attend to all positions")
    scale = given.attribute("scale")
    query, key, value = (given.tensor(index) for index in range(3))
    if query.dim() != 4:
        raise Refusal("has its heads joined", "give heads a dimension of their own")
    return F.scaled_dot_product_attention(
        query, key, value, scale=None if scale is None else float(str(scale))
    )


@operator("Resize")
def resize(given: Given) -> Tensor:
    """Maps at another size."""
    value = given.tensor()
    where = given.text("coordinate_transformation_mode", "half_pixel")
    mode, count = given.text("mode", "nearest"), value.dim() - 2
    given.changes_nothing("cubic_coeff_a", "extrapolation_value")
    for name, wanted in (("antialias", 0), ("exclude_outside", 0), ("axes", None)):
        given.must_be(name, wanted)
    given.must_be("keep_aspect_ratio_policy", "stretch")
    ways = {
        ("nearest", "asymmetric"): {"mode": "nearest"},
        ("linear", "half_pixel"): {"mode": {2: "bilinear", 3: "trilinear"}.get(count, "linear")},
        ("linear", "pytorch_half_pixel"): {"mode": {2: "bilinear", 3: "trilinear"}.get(count, "linear")},
        ("linear", "align_corners"): {
            "mode": {2: "bilinear", 3: "trilinear"}.get(count, "linear"),
            "align_corners": True,
        },
    }
    if (mode, where) not in ways or (mode == "nearest" and given.text("nearest_mode", "") != "floor"):
        raise Refusal(
            f"resizes {mode} by {where}", "nearest by asymmetric and floor, or linear, as torch has it"
        )
    given.changes_nothing("nearest_mode")
    if given.has(3):
        sizes = [int(each) for each in given.known(3, "sizes")]
        return F.interpolate(value, sizes[2:], **ways[mode, where])  # type: ignore[arg-type]
    factors = [float(str(each)) for each in given.known(2, "scales")]
    return F.interpolate(value, scale_factor=factors[2:], **ways[mode, where])  # type: ignore[arg-type]
