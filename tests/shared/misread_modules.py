"""Modules made to be misread: those that are read so that answers are equal, and those that are refused."""

from __future__ import annotations

import torch
from misread_parts import (
    Forward,
    as_tokens,
    attended,
    attention_block,
    folded,
    gated_over,
    head,
    in_windows,
    out_of_windows,
    overlapping,
    overwritten,
    remembered,
    windows_of,
    written_by_channel,
    zeroed,
)
from torch.nn import functional as F  # noqa: N812

from costmodel.emit.modules.texts.window_attention import distances, strangers

EQUAL: dict[str, Forward] = {
    "space swapped, a flat kernel": lambda m, x: m.cube(x.transpose(3, 4)),
    "time and height swapped": lambda m, x: m.cube(x.transpose(2, 3)),
    "all three turned": lambda m, x: m.cube(x.permute(0, 1, 4, 2, 3)).permute(0, 1, 3, 4, 2),
    "a 2D kernel on time and width": lambda m, x: m.plane(x.permute(0, 3, 1, 2, 4).flatten(0, 1)),
    "time ahead of the batch": lambda m, x: m.plane(x.permute(2, 0, 1, 3, 4).flatten(0, 1)),
    "a 1D kernel on width": lambda m, x: m.line(x.permute(0, 2, 3, 1, 4).flatten(0, 2)),
    "a 1D kernel on time": lambda m, x: m.line(x.flatten(3).permute(0, 3, 1, 2).flatten(0, 1)),
    "two frames of four": lambda m, x: m.cube(x[:, :, 1:3]),
    "the first frame": lambda m, x: m.plane(m.point(x)[:, :, 0]),
    "a frame in the middle": lambda m, x: m.plane(m.cube(x)[:, :, 2]),
    "a cut map": lambda m, x: m.point(x[..., 1:]),
    "a map cut on all sides": lambda m, x: m.cube(x)[:, :, 1:, 1:-1, :-1],
    "frames cut behind, zeros ahead of more": lambda m, x: m.point(F.pad(x[:, :, :-1], (0, 0, 0, 0, 2, 0))),
    "a cut residual": lambda m, x: m.cube(x)[:, :, 1:, 1:] + m.point(x)[:, :, :-1, :-1],
    "channels last and a linear layer": lambda m, x: m.linear(x.movedim(1, -1)),
    "a linear layer on tokens": lambda m, x: m.linear(x.flatten(2).transpose(1, 2)),
    "a norm of tokens": lambda m, x: m.layer(x.flatten(2).transpose(1, 2)).mean(1),
    "groups on frames": lambda m, x: m.group(folded(x)),
    "groups on the clip": lambda m, x: m.group(x),
    "means one after the other": lambda m, x: m.linear(x.mean(4).mean(2).mean(2)),
    "a maximum of time alone": lambda m, x: m.linear(x.amax(2).mean((2, 3))),
    "a sum": lambda m, x: m.linear(x.sum((2, 3, 4))),
    "a gate by frame": lambda m, x: x * torch.sigmoid(m.point(x.mean((3, 4), keepdim=True))),
    "a gate of the map": lambda m, x: x * torch.sigmoid(m.point(x.mean(2, keepdim=True))),
    "a gate that is the larger name": lambda m, x: torch.sigmoid(m.point(head(x)[..., None, None, None])) * x,
    "swish the other way round": lambda m, x: torch.sigmoid(x) * x,
    "a sigmoid of something else": lambda m, x: torch.sigmoid(m.point(x)) * x,
    "a learned scale by channel": lambda m, x: x * m.learned.view(1, -1, 1, 1, 1),
    "a learned scale of tokens": lambda m, x: x.flatten(2).transpose(1, 2) + m.learned,
    "numbers on either side": lambda m, x: 1 - (2 + x * 3) / 4,
    "a difference": lambda m, x: m.point(x) - x,
    "channels dealt out": lambda m, x: m.cube(x.view(-1, 2, 2, 4, 4, 4).transpose(1, 2).reshape(x.shape)),
    "channels dealt and dealt back": lambda m, x: m.cube(
        x.view(-1, 2, 2, 64).transpose(1, 2).reshape(-1, 2, 2, 64).transpose(1, 2).reshape(x.shape)
    ),
    "dealt out, then halved": lambda m, x: m.wide(
        torch.cat(
            m.point(x).view(-1, 2, 2, 64).transpose(1, 2).reshape(x.shape).chunk(2, 1)[::-1], 1
        ).flatten(1)
    ),
    "halves swapped": lambda m, x: torch.cat(x.chunk(2, 1)[::-1], 1),
    "slices put back": lambda m, x: m.point(torch.cat([x[:, :2], x[:, 2:]], 1)),
    "every second frame": lambda m, x: m.point(x[:, :, ::2]),
    "a shift by cutting and padding": lambda m, x: m.point(F.pad(x[:, :, :-1], (0, 0, 0, 0, 1, 0))),
    "a shift from the future": lambda m, x: m.point(F.pad(x[:, :, 1:], (0, 0, 0, 0, 0, 1))),
    "uneven padding": lambda m, x: m.point(F.avg_pool3d(F.pad(x, (1, 0, 0, 2, 0, 1)), 2)),
    "zeros that a maximum sees": lambda m, x: F.max_pool3d(F.pad(x - 2, (1, 0, 1, 0, 1, 0)), 2),
    "zeros that an activation changes": lambda m, x: m.point(torch.sigmoid(F.pad(x, (1, 1)))),
    "a mean that leaves pads out": lambda m, x: F.avg_pool3d(x, 3, 1, 1, count_include_pad=False),
    "a loop over frames": lambda m, x: torch.stack([m.plane(x[:, :, i]) for i in range(4)], 2),
    "a loop, joined by cat": lambda m, x: torch.cat([m.point(x[:, :, i : i + 1]) for i in range(4)], 2),
    "a loop by unbind": lambda m, x: torch.stack([F.relu(each) for each in x.unbind(2)], 1),
    "a network on one frame": lambda m, x: m.plane(x[:, :, -1]),
    "a memory's last answer": lambda m, x: m.memory(x.mean((3, 4)).transpose(1, 2))[0][:, -1],
    "a memory's state": lambda m, x: m.memory(x.mean((3, 4)).transpose(1, 2))[1][0][0],
    "flattened with its map": lambda m, x: m.wide(x.flatten(1)),
    "an elu by its other name": lambda m, x: F.celu(m.point(x)),
    "a gelu by tanh": lambda m, x: F.gelu(x - 0.5, approximate="tanh"),
    "a leaky slope": lambda m, x: F.leaky_relu(x - 0.5, 0.3),
    "slopes by channel": lambda m, x: m.slope(x - 0.5),
    "cut at six": lambda m, x: F.relu6(9 * x - 1) + torch.clamp(x - 0.5, min=0),
    "written over in place": lambda m, x: m.point(x).add_(x).relu_().mul_(2),
    "a view of what is overwritten": lambda m, x: overwritten(m.point(x)),
    "an unused branch": lambda m, x: (m.cube(x), m.point(x))[1],
    "an answer folded anew": lambda m, x: m.point(x).permute(0, 2, 1, 3, 4).flatten(2),
    "slices written in a loop": lambda m, x: written_by_channel(m.point(x)),
    "a repeated layer": lambda m, x: m.point(m.norm(m.point(x))),
    "a pool to a size that does not divide": lambda m, x: F.adaptive_avg_pool3d(x, (None, 3, 3)),
    "a map twice as large": lambda m, x: F.interpolate(folded(x), scale_factor=2, mode="bilinear"),
    "a map of another size": lambda m, x: F.interpolate(m.point(x), (4, 6, 7)),
    "a kernel of all": lambda m, x: m.linear(F.avg_pool3d(x, (4, 4, 4)).flatten(1)),
    "a running mean": lambda m, x: m.point(m.point(x).cumsum(2) / torch.arange(1, 5).view(-1, 1, 1)),
    "a flat kernel on positions in a row": lambda m, x: m.plane(x.flatten(3)).view(x.shape),
    "the hard sigmoid of Keras": lambda m, x: (0.2 * m.point(x) + 0.5).clamp(0, 1),
}
EQUAL |= {
    "every second frame from the second": lambda m, x: m.point(x[:, :, 1::2]),
    "attention over the clip": lambda m, x: F.scaled_dot_product_attention(*[as_tokens(x)] * 3),
    "attention by hand": lambda m, x: attended(m, as_tokens(x)),
    "attention by hand, in heads": lambda m, x: attended(m, as_tokens(x), heads=2),
    "another scale": lambda m, x: F.scaled_dot_product_attention(*[as_tokens(x)] * 3, scale=0.3),
    "queries scaled ahead": lambda m, x: (
        torch.bmm(as_tokens(x) * 0.5, as_tokens(x).transpose(1, 2)).softmax(-1) @ as_tokens(x)
    ),
    "attention over time": lambda m, x: attended(m, x.permute(0, 3, 4, 2, 1).flatten(0, 2), heads=2),
    "attention within frames": lambda m, x: attended(m, x.permute(0, 2, 3, 4, 1).flatten(0, 1).flatten(1, 2)),
    "frames ahead of positions": lambda m, x: attended(m, x.permute(0, 2, 3, 4, 1).flatten(2, 3), heads=2),
    "a layer of attention": lambda m, x: m.attention(*[as_tokens(x)] * 3)[0],
    "a layer of attention without weights": lambda m, x: m.attention(*[as_tokens(x)] * 3, need_weights=False)[
        0
    ],
    "a layer of attention, other keys": lambda m, x: m.attention(
        as_tokens(x), *[as_tokens(m.point(x))] * 2, need_weights=False
    )[0],
    "an encoder's block": lambda m, x: attention_block(m, as_tokens(x)).mean(1),
    "keys of a smaller map": lambda m, x: F.scaled_dot_product_attention(
        as_tokens(x), *[as_tokens(F.avg_pool3d(x, (1, 2, 2)))] * 2
    ),
    "queries, keys and values of one layer": lambda m, x: (
        F.scaled_dot_product_attention(*m.triple(as_tokens(x)).unflatten(2, (3, 2, 2)).permute(2, 0, 3, 1, 4))
        .transpose(1, 2)
        .flatten(2)
    ),
    "the same, by chunks": lambda m, x: F.scaled_dot_product_attention(*m.triple(as_tokens(x)).chunk(3, -1)),
    "a product with a learned matrix": lambda m, x: as_tokens(x) @ m.matrix,
    "windows": lambda m, x: in_windows(m, x),
    "windows in two heads, shifted in all axes": lambda m, x: in_windows(m, x, (1, 1, 1), heads=2),
    "windows shifted in time alone": lambda m, x: in_windows(m, x, (1, 0, 0)),
    "windows with a bias by distance": lambda m, x: in_windows(m, x, heads=2, bias=m.table),
    "all of it, the table turned": lambda m, x: in_windows(
        m, x, (0, 1, 1), heads=2, bias=m.turned.transpose(0, 1)
    ),
    "a bias by distance for torch's own function": lambda m, x: out_of_windows(
        F.scaled_dot_product_attention(
            *[windows_of(x)] * 3, attn_mask=m.single[distances((2, 2, 2))].squeeze(-1)
        )
    ),
    "rolled forwards": lambda m, x: m.cube(m.point(x).roll((1, -6), (2, 4))),
    "a weight of lengths and directions": lambda m, x: F.conv3d(
        x, torch._weight_norm(m.point.weight, m.learned.view(4, 1, 1, 1, 1), 0)
    ),
    "a weight joined from two": lambda m, x: F.linear(head(x), torch.cat([m.linear.weight, m.triple.weight])),
    "a weight of lengths and directions in two places": lambda m, x: F.linear(
        F.linear(head(x), torch._weight_norm(m.linear.weight, m.learned.view(4, 1), 0)),
        torch._weight_norm(m.linear.weight, m.learned.view(4, 1), 0),
    ),
    "a cell on each frame, its last answer": lambda m, x: m.linear(remembered(m, x.unbind(2))[-1]),
    "a cell on each frame, all answers": lambda m, x: torch.stack(remembered(m, x.unbind(2)), 1).mean(1),
    "answers to some frames of a loop": lambda m, x: torch.stack([m.plane(f) for f in x.unbind(2)][:2], 2),
    "cells without bias behind cells": lambda m, x: gated_over(m, remembered(m, x.unbind(2))),
}
REFUSED: dict[str, tuple[Forward, str]] = {
    "a cell from the last frame on": (
        lambda m, x: gated_over(m, [each.mean((2, 3)) for each in reversed(x.unbind(2))]),
        "starts from another state",
    ),
    "a cell whose state is changed": (
        lambda m, x: gated_over(m, [each.mean((2, 3)) for each in x.unbind(2)], 2.0),
        "starts from another state",
    ),
    "a cell on every other frame": (
        lambda m, x: gated_over(m, [x[:, :, at].mean((2, 3)) for at in (0, 2)]),
        "runs on something else than the frames",
    ),
    "a cell that ends early": (
        lambda m, x: remembered(m, x.unbind(2))[1],
        "runs on something else than the frames",
    ),
    "a cell's memory": (
        lambda m, x: m.linear(remembered(m, x.unbind(2), 1)[-1]),
        "reads the memory of a recurrent cell",
    ),
    "time chunks in the batch": (
        lambda m, x: m.cube(x.view(-1, 4, 2, 2, 4, 4).transpose(1, 2).flatten(0, 1)),
        "dimension 2 holds 2 of 4 time",
    ),
    "channel groups in the batch": (
        lambda m, x: F.avg_pool3d(x.view(-1, 2, 4, 4, 4), 2),
        "dimension 0 holds batch and 2 of 4 channels",
    ),
    "each channel in the batch": (
        lambda m, x: F.avg_pool2d(x.flatten(0, 1), 2),
        "channels are taken for clips",
    ),
    "channels and height exchanged": (lambda m, x: m.cube(x.transpose(1, 3)), "holds height"),
    "time and channels exchanged": (lambda m, x: m.cube(x.transpose(1, 2)), "holds time"),
    "a linear layer on width": (lambda m, x: m.linear(x), "holds width"),
    "a norm of width": (lambda m, x: m.layer(x), "holds width"),
    "a softmax of time": (lambda m, x: x.softmax(2), "holds time"),
    "a slope of celu": (lambda m, x: F.celu(m.point(x), 2.0), "alpha is 2.0, expected 1"),
    "an elu beyond one": (lambda m, x: F.elu(m.point(x), 2.0), "alpha is 2, and specs take 0 to 1"),
    "a sharper softplus": (lambda m, x: F.softplus(m.point(x), 2.0), "beta is 2.0, expected 1"),
    "other bounds": (lambda m, x: m.point(x).clamp(-1, 1), "cuts at -1 and 1"),
    "a mean of channels": (lambda m, x: m.point(x).mean(1, keepdim=True), "pools over channels"),
    "a gate of the wrong axis": (
        lambda m, x: x * m.point(x).transpose(3, 4),
        "dimension 3 holds other values",
    ),
    "a sum that spreads": (
        lambda m, x: x + m.point(head(x)[..., None, None, None]),
        "joins 4 and 1 positions of time",
    ),
    "frames backwards": (
        lambda m, x: torch.stack([m.plane(x[:, :, i]) for i in (3, 2, 1, 0)], 2),
        "not those of one clip",
    ),
    "a kernel in time in a loop": (
        lambda m, x: torch.cat([m.cube(x[:, :, i : i + 1]) for i in range(4)], 2),
        "looks through time at one frame",
    ),
    "padding with ones": (lambda m, x: m.point(F.pad(x, (1, 1), value=1.0)), "pads with 1.0"),
    "padding by reflection": (lambda m, x: m.point(F.pad(x, (1, 1, 1, 1, 1, 1), mode="reflect")), "reflect"),
    "zeros where frames were cut": (
        lambda m, x: m.cube(F.pad(x[:, :, 1:], (0, 0, 0, 0, 1, 0))),
        "pads time with zeros where it was cut",
    ),
    "writes that overlap": (lambda m, x: overlapping(m.point(x)), "writes channels more than once"),
    "flattened in another order": (
        lambda m, x: m.wide(x.permute(0, 2, 1, 3, 4).flatten(1)),
        "takes dimension 1 for channels",
    ),
    "a memory of positions": (
        lambda m, x: m.memory(x[:, :, 0].flatten(2).transpose(1, 2))[0],
        "holds height and width",
    ),
    "an op nobody has": (lambda m, x: m.point(torch.sin(x)), "is no layer of ours"),
    "a running sum": (lambda m, x: m.point(x).cumsum(2), "is a running sum; divide it by"),
    "a running sum over other numbers": (
        lambda m, x: m.point(x).cumsum(2) / torch.arange(2, 6).view(-1, 1, 1),
        "is a running sum; divide it by",
    ),
    "a running mean of rows": (
        lambda m, x: m.point(x).cumsum(3) / torch.arange(1, 5).view(-1, 1),
        "is a running sum over another axis than time",
    ),
    "frames and positions in a row": (
        lambda m, x: m.plane(x.transpose(2, 3).flatten(3)),
        "dimension 3 holds time and width",
    ),
    "a cut at one": (lambda m, x: (m.point(x) * 0.3 + 0.5).clamp(0, 1), "cuts at 0 and 1"),
    "two clips exchanged": (lambda m, x: m.point(x).flip(0), "is no layer of ours"),
    "a weight made of others": (
        lambda m, x: F.linear(head(x), m.learned.repeat(2, 1)),
        "its weight is worked out from 4 values, and holds 8",
    ),
    "frames between frames": (lambda m, x: F.interpolate(x, scale_factor=2), "makes frames between frames"),
    "doubles": (lambda m, x: m.point(x).double(), "turns torch.float32 into torch.float64"),
    "attention over width": (lambda m, x: attended(m, x.permute(0, 2, 3, 4, 1)), "attends over width alone"),
    "a bias by position": (lambda m, x: attended(m, as_tokens(x), bias=1.0), "reads the scores of attention"),
    "no softmax": (
        lambda m, x: (as_tokens(x) @ as_tokens(x).transpose(1, 2)) @ as_tokens(x),
        "weighs values by scores that no softmax makes shares",
    ),
    "a softmax of queries": (
        lambda m, x: (as_tokens(x) @ as_tokens(x).transpose(1, 2)).softmax(1) @ as_tokens(x),
        "over another dimension than the keys'",
    ),
    "attention to the past alone": (
        lambda m, x: F.scaled_dot_product_attention(*[as_tokens(x)] * 3, is_causal=True),
        "is_causal is True, expected False",
    ),
    "heads of channels that are apart": (
        lambda m, x: F.scaled_dot_product_attention(
            *[as_tokens(x).unflatten(2, (2, 2)).permute(0, 3, 1, 2)] * 3
        ),
        "whose channels do not lie next to each other",
    ),
    "attention between channels": (
        lambda m, x: F.scaled_dot_product_attention(*[x.flatten(2)] * 3),
        "in its last dimension, expected channels",
    ),
    "attention between clips": (
        lambda m, x: F.scaled_dot_product_attention(*[as_tokens(x).transpose(0, 1)] * 3),
        "attends between clips of the batch",
    ),
    "values of other positions": (
        lambda m, x: F.scaled_dot_product_attention(as_tokens(x), as_tokens(x), as_tokens(x.transpose(2, 3))),
        "takes keys and values from different positions",
    ),
    "queries of other frames": (
        lambda m, x: F.scaled_dot_product_attention(
            x.permute(0, 2, 3, 4, 1).flatten(2, 3), *[x.permute(0, 3, 2, 4, 1).flatten(2, 3)] * 2
        ),
        "attends from some clips, frames or heads to others",
    ),
    "a class token": (
        lambda m, x: m.layer(torch.cat([m.learned.expand(len(x), 1, 4), as_tokens(x)], 1)),
        "joins tensors of the clip with a learned one, such as a class token",
    ),
    "windows of some rows and other columns": (
        lambda m, x: in_windows(m, x.transpose(3, 4)[..., [0, 2, 1, 3]]),
        "is no layer of ours",
    ),
    "windows dealt out": (
        lambda m, x: F.scaled_dot_product_attention(
            *[x.view(-1, 4, 2, 2, 4, 4).permute(0, 3, 2, 4, 5, 1).flatten(0, 1).flatten(1, 3)] * 3
        ),
        "attends to 2 of 4 time and height and width from",
    ),
    "a mask of another shift": (
        lambda m, x: in_windows(m, x, (1, 1, 1), masked=strangers((4, 4, 4), (2, 2, 2), (1, 1, 0))[7:]),
        "adds a mask to scores that is not that of a roll",
    ),
    "a bias for each pair": (
        lambda m, x: in_windows(m, x, bias=m.pairs),
        "adds a bias to scores that is no parameter by distance within windows of 2x2x2",
    ),
    "a bias twice": (
        lambda m, x: in_windows(m, x, bias=m.single, again=m.single),
        "adds a mask to scores that is not that of a roll",
    ),
    "a bias that is squared": (
        lambda m, x: in_windows(m, x, bias=m.single**2),
        "adds a bias to scores that is no parameter by distance",
    ),
    "values in other windows": (
        lambda m, x: F.scaled_dot_product_attention(*[windows_of(x)] * 2, windows_of(x.transpose(3, 4))),
        "attends from some clips, frames or heads to others",
    ),
    "channels rolled": (lambda m, x: m.point(x).roll(1, 1), "rolls channels; roll time, height or width"),
    "all rolled in a row": (lambda m, x: m.point(x).roll(1), "rolls all values in a row"),
    "zeros over what was written": (
        lambda m, x: zeroed(m.point(x)),
        "writes zeros over what was written before",
    ),
}
