"""An example or more of each layer, as lines of a spec of 8 channels, 8 frames and maps of 8 x 8."""

from __future__ import annotations

from collections.abc import Mapping

INPUT = "{channels: 8, time: 8, height: 8, width: 8}"
_KEYS = "query: [conv: {channels: 4}], key: [conv: {channels: 4}], value: []"

# Those that are not here are shown as their bare word.
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "conv": (
        "conv: {channels: 16, kernel: 3, stride: [1, 2, 2], padding: [1, same, [0, 1]], bias: true}",
        "conv: {channels: 8, kernel: [5, 1, 1], groups: 8, causal: true}",
    ),
    "conv_transpose": ("conv_transpose: {channels: 4, kernel: [1, 2, 2], stride: [1, 2, 2]}",),
    "interpolate": (
        "interpolate: {factor: [1, 2, 2]}",
        "interpolate: {size: [all, 14, 14], mode: bilinear, align_corners: true}",
    ),
    "avg_pool": (
        "avg_pool: {kernel: 2, stride: 2, padding: 0}",
        "avg_pool: {kernel: [1, 3, 3], ceil_mode: true, count_include_pad: false}",
        "avg_pool: {kernel: [3, 1, 1], count_include_pad: false}",
    ),
    "max_pool": ("max_pool: {kernel: [3, 3, 3], stride: [2, 2, 2]}",),
    "global_pool": ("global_pool", "global_pool: {kernel: [1, all, all]}"),
    "crop": ("crop: {before: [2, 0, 0], after: [0, 1, 1]}",),
    "subsample": ("subsample: {stride: [2, 1, 1]}",),
    "adaptive_avg_pool": (
        "adaptive_avg_pool: {size: [all, 3, 3]}",
        "adaptive_avg_pool: {size: [1, 3, 3]}",
        "adaptive_avg_pool: {size: [4, 1, 1]}",
    ),
    "adaptive_max_pool": ("adaptive_max_pool: {size: [all, 3, 3]}", "adaptive_max_pool: {size: [3, 1, 1]}"),
    "cumulative_pool": ("cumulative_pool", "cumulative_pool: {of: max, over: map, answers: last}"),
    "foreign": (
        "foreign: {channels: 8, height: 8, width: 8, macs: 512}",
        "foreign: {channels: 8, height: 8, width: 8, macs: 4096, frames: 3}",
        "foreign: {channels: 8, height: 8, width: 8, frames: 0, is_known: false}",
    ),
    "foreign_merge": ("foreign_merge: {channels: 8, height: 8, width: 8, macs: 512, one: [], other: []}",),
    "attention": (
        f"attention: {{over: frame, {_KEYS}}}",
        f"attention: {{over: window, frames: 4, {_KEYS}}}",
        f"attention: {{{_KEYS}}}",
        f"attention: {{over: time, heads: 4, {_KEYS}}}",
    ),
    "window_attention": (
        f"window_attention: {{windows: [1, 4, 4], heads: 4, bias: true, {_KEYS}}}",
        f"window_attention: {{windows: [2, 4, 4], shift: [1, 2, 2], heads: 4, {_KEYS}}}",
    ),
    "roll": ("roll: {to_end: [0, 2, 2]}", "roll: {to_front: [1, 2, 2]}"),
    "shuffle": ("shuffle: {groups: 2}",),
    "split": (
        "split: {part: 1, parts: 2}",
        "split: {part: 2, sizes: [3, 5]}",
        "split: {part: 3, shares: [1/8, 1/8]}",
    ),
    "pad_channels": ("pad_channels: {channels: 12}",),
    "lstm": ("lstm: {channels: 4}",),
    "gru": ("gru: {channels: 4}",),
    "conv_lstm": ("conv_lstm: {channels: 4, kernel: 3, peepholes: true}",),
    "conv_gru": ("conv_gru: {channels: 4, kernel: 3, bias: false}",),
    "linear": ("linear: {channels: 5}",),
    "flatten": ("[subsample: {stride: [8, 1, 1]}, flatten]", "flatten"),
    "add": (
        "add: {main: [conv: {channels: 8, kernel: 3}], skip: []}",
        "add: {crop: newest, main: [conv: {channels: 8, kernel: [3, 1, 1], padding: 0}], skip: []}",
    ),
    "concat": ("concat: {before: [], added: [conv: {channels: 4}]}",),
    "gate": ("gate: {main: [], squeeze: [global_pool, conv: {channels: 8, bias: true}, sigmoid]}",),
    "group_norm": ("group_norm: {groups: 2}", "group_norm: {groups: 2, over: clip}"),
    "instance_norm": ("instance_norm: {affine: true}", "instance_norm: {over: clip}"),
    "leaky_relu": ("leaky_relu: {negative_slope: 0.1}",),
    "prelu": ("prelu: {each_channel: true}",),
    "dropout": ("dropout: {rate: 0.5}",),
    "scale": ("scale: {per: one, init: 0}",),
    "bias": ("bias: {per: map}", "bias: {per: frame}"),
    "sgs": (
        "sgs: {active: 5}",
        "sgs: {bins: 4, active: 3, kernel: kronecker, normalised: true, block: 4}",
        "sgs",
    ),
    "shift": ("shift: {frames: 1}", "shift: {past: 1/8, future: 1/8}", "shift: {frames: -2}"),
}


def examples_of(word: str) -> tuple[str, ...]:
    """The layer as specs have it, in one way or more."""
    return EXAMPLES.get(word, (word,))
