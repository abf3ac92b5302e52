"""Layers of a graph as PyTorch code writes them: modules, functions or operators, as each tool sees them."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from costmodel.analysis.convention import way_of
from costmodel.emit.modules.base import layer_for
from costmodel.emit.modules.texts.window_attention import in_windows, out_of_windows
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import (
    AdaptivePool,
    AvgPool,
    BatchNorm,
    Conv,
    ConvGru,
    ConvLstm,
    ConvTranspose,
    GlobalPool,
    GroupNorm,
    InstanceNorm,
    Interpolate,
    Last,
    LayerNorm,
    Linear,
    MaxPool,
    Op,
    Prelu,
    Recurrent,
    RmsNorm,
    WindowAttention,
)
from costmodel.types import TensorType


class KerasHardSigmoid(nn.Module):
    """Keras' hard sigmoid, as ports write it."""

    def forward(self, x: Tensor) -> Tensor:
        return (0.2 * x + 0.5).clamp(0, 1)


SEEING_OPERATORS = ("torch", "fvcore", "ptflops-aten")


# Of further activations the module, and the function that ordinary code calls.
ACTIVATIONS: dict[str, tuple[Callable[[], nn.Module], Callable[[Tensor], Tensor]]] = {
    "hard_swish": (nn.Hardswish, lambda x: functional.hardswish(x)),
    "hard_sigmoid": (nn.Hardsigmoid, lambda x: functional.hardsigmoid(x)),
    "leaky_relu": (nn.LeakyReLU, lambda x: functional.leaky_relu(x)),
    "elu": (nn.ELU, lambda x: functional.elu(x)),
    "selu": (nn.SELU, lambda x: functional.selu(x)),
    "gelu": (nn.GELU, lambda x: functional.gelu(x)),
    "gelu_tanh": (partial(nn.GELU, "tanh"), lambda x: functional.gelu(x, approximate="tanh")),
    "softplus": (nn.Softplus, lambda x: functional.softplus(x)),
    "mish": (nn.Mish, lambda x: functional.mish(x)),
    "tanh": (nn.Tanh, lambda x: torch.tanh(x)),
    "hard_sigmoid_keras": (KerasHardSigmoid, lambda x: (0.2 * x + 0.5).clamp(0, 1)),
}


class NewestFrame(nn.Module):
    """The last frame of a clip, as heads on recurrent layers slice it."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, -1:]


class OnLast(nn.Module):
    """A module on the channels at every position."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x.movedim(1, -1)).movedim(-1, 1)


class AsImages(nn.Module):
    """A module on frames as images."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        images = self.inner(x.transpose(1, 2).flatten(0, 1))
        return images.unflatten(0, (len(x), x.shape[2])).transpose(1, 2)


class Written(nn.Module):
    """A graph as PyTorch code ordinarily writes it: a module, a function or an operator for each layer."""

    def __init__(self, graph: Graph, tool: str) -> None:
        super().__init__()
        self.graph = graph
        self.calls: dict[str, Callable[..., Tensor]] = {}
        for number, node in enumerate(graph.nodes):
            call = _call(node, graph, tool)
            if isinstance(call, nn.Module):
                self.add_module(f"layer{number}", call)
            self.calls[node.name] = call

    def forward(self, clip: Tensor) -> Tensor:
        found = {INPUT: clip}
        for node in self.graph.nodes:
            call, inputs = self.calls[node.name], [found[name] for name in node.inputs]
            if isinstance(node.op, Linear):
                found[node.name] = call(inputs[0].movedim(1, -1)).movedim(-1, 1)
            else:
                found[node.name] = call(*inputs)
        return found[self.graph.output]


def _call(node: Node, graph: Graph, tool: str) -> Callable[..., Tensor]:
    (x, *_) = graph.inputs_of(node)
    way, word = way_of(node), node.op.word
    if isinstance(node.op, ConvLstm | ConvGru):
        return ConvCell(node.op, x.channels)
    if isinstance(node.op, Recurrent):
        return _recurrent(node.op, x.channels, tool)
    if word in (
        "flatten",
        "subsample",
        "crop",
        "concat",
        "shuffle",
        "split",
        "pad_channels",
        "shift",
        "cumulative_pool",
        "scale",
        "bias",
    ):
        return {
            "shuffle": lambda clip: functional.channel_shuffle(clip, 4),
            "split": lambda clip: clip.chunk(2, 1)[1],
            "pad_channels": lambda clip: functional.pad(clip, (0,) * 7 + (3,)),
            "shift": lambda clip: functional.pad(clip, (0, 0, 0, 0, 2, -2)),
            "cumulative_pool": partial(_cumulative, getattr(node.op, "of", "")),
            "scale": lambda clip: clip * torch.ones(()),
            "bias": lambda clip: clip + torch.zeros(clip.shape[1], 1, *clip.shape[3:]),
            "flatten": lambda clip: clip.flatten(1)[:, :, None, None, None],
            "crop": lambda clip: clip[:, :, 2:, :-1, :-1],
            "subsample": lambda clip: clip[:, :, :: node.op.stride[0]],
            "concat": lambda *clips: torch.cat(clips, 1),
        }[word]
    if word == "roll":
        return lambda clip: torch.roll(clip, (-1, 2), (3, 4))
    if isinstance(node.op, WindowAttention):
        return partial(_in_windows, node.op)
    if word == "sgs":  # no code but the layer's own counts as the ordinary one
        return layer_for(node.op, (x,)).eval()
    if word == "attention":
        if node.op.over != "clip":
            return partial(_back, node.op.reach, partial(_attention, way, node.op.softmax))
        return partial(_attention, way, node.op.softmax)
    if way == "operator":
        return OPERATORS[word]
    if way == "function" and word in FUNCTIONS:
        return FUNCTIONS[word]
    if isinstance(node.op, Interpolate) and way == "function":
        return _interpolate(node.op, (x.time, x.height, x.width))
    module = _module(node.op, x.channels, (x.time, x.height, x.width))
    return module if way == "module" else _as_function(node.op, module)


def _cumulative(of: str, clip: Tensor) -> Tensor:
    if of == "max":
        return torch.cummax(clip, 2).values
    return torch.cumsum(clip, 2) / torch.arange(1, clip.shape[2] + 1).view(-1, 1, 1)


def _attention(way: str, by_softmax: bool, *clips: Tensor) -> Tensor:
    query, key, value = (clip.flatten(2).transpose(1, 2) for clip in clips)
    scale = torch.tensor(query.shape[2] ** -0.5 if by_softmax else 1 / key.shape[1])
    if way == "operator":
        pairs = query @ key.transpose(1, 2) * scale
        found = (pairs.softmax(-1) if by_softmax else pairs) @ value
    else:
        pairs = torch.mul(torch.matmul(query, key.transpose(1, 2)), scale)
        found = torch.matmul(functional.softmax(pairs, dim=-1) if by_softmax else pairs, value)
    return found.transpose(1, 2).reshape(clips[0].shape)


def _in_windows(op: WindowAttention, *clips: Tensor) -> Tensor:
    """Attention within windows as Swin transformers have it, in functions of torch's."""
    windows = tuple(map(int, op.windows))
    query, key, value = (in_windows(clip, windows, int(op.heads)).flatten(0, 1) for clip in clips)
    scale = torch.tensor(query.shape[-1] ** -0.5)
    pairs = torch.mul(torch.matmul(query, key.transpose(-2, -1)), scale)
    for _ in range(op.bias + any(op.shift)):
        pairs = torch.add(pairs, torch.zeros(1, *pairs.shape[1:]))
    found = torch.matmul(functional.softmax(pairs, dim=-1), value)
    return out_of_windows(found.unflatten(0, (len(clips[0]), -1)), windows, clips[0].shape[2:])


def _back(reach: int, attend: Callable[..., Tensor], *clips: Tensor) -> Tensor:
    """Frame by frame, from what a cache of keys and values holds."""
    found = []
    for last in range(1, clips[0].shape[2] + 1):
        cached = [clip[:, :, max(0, last - reach) : last] for clip in clips[1:]]
        found.append(attend(clips[0][:, :, last - 1 : last], *cached))
    return torch.cat(found, 2)


class Cell(nn.Module):
    """A recurrent layer as its cell run on each frame."""

    def __init__(self, cell: nn.LSTMCell | nn.GRUCell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, clip: Tensor) -> Tensor:
        kept, answers = None, []
        for frame in clip.flatten(2).unbind(2):
            kept = self.cell(frame, kept)
            answers.append(kept[0] if isinstance(kept, tuple) else kept)
        return torch.stack(answers, 2)[..., None, None]


class Layer(nn.Module):
    """A recurrent layer as torch's module of whole sequences."""

    def __init__(self, layer: nn.LSTM | nn.GRU) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, clip: Tensor) -> Tensor:
        return self.layer(clip.flatten(2).transpose(1, 2))[0].transpose(1, 2)[..., None, None]


class ConvCell(nn.Module):
    """A recurrent layer on maps as public code has it: its convolutions see a frame and the last answer."""

    def __init__(self, op: ConvLstm | ConvGru, channels: int) -> None:
        super().__init__()
        joined, own, self.channels = channels + op.channels, op.channels, op.channels
        wide = (4 * own,) if isinstance(op, ConvLstm) else (2 * own, own)
        self.convs = nn.ModuleList(
            nn.Conv2d(joined, each, op.kernel, padding=op.kernel // 2, bias=op.bias) for each in wide
        )

    def forward(self, clip: Tensor) -> Tensor:
        hidden = cell = clip.new_zeros(len(clip), self.channels, *clip.shape[3:])
        answers = []
        for frame in clip.unbind(2):
            gates = self.convs[0](torch.cat((frame, hidden), 1)).chunk(4 if len(self.convs) == 1 else 2, 1)
            if len(self.convs) == 1:
                cell = torch.sigmoid(gates[0]) * cell + torch.sigmoid(gates[1]) * torch.tanh(gates[3])
                hidden = torch.sigmoid(gates[2]) * torch.tanh(cell)
            else:
                reset, update = map(torch.sigmoid, gates)
                new = torch.tanh(self.convs[1](torch.cat((frame, reset * hidden), 1)))
                hidden = (1 - update) * hidden + update * new
            answers.append(hidden)
        return torch.stack(answers, 2)


def _recurrent(op: Recurrent, channels: int, tool: str) -> nn.Module:
    cell, layer = (nn.LSTMCell, nn.LSTM) if op.word == "lstm" else (nn.GRUCell, nn.GRU)
    if tool in SEEING_OPERATORS:
        return Cell(cell(channels, op.channels))
    return Layer(layer(channels, op.channels, batch_first=True))


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "relu": lambda x: x.relu(),
    "relu6": lambda x: x.clamp(0, 6),
    "swish": lambda x: x * x.sigmoid(),
    "sigmoid": lambda x: x.sigmoid(),
    "softmax": lambda x: x.softmax(1),
    "global_pool": lambda x: x.mean((2, 3, 4), keepdim=True),
    "add": lambda x, y: x + y,
    "gate": lambda x, y: x * y,
}


ADAPTIVE_SIZE = (1, 3, 5)
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    # looked up when called: one of the tools replaces functions while it counts
    "relu": lambda x: functional.relu(x),
    "relu6": lambda x: functional.relu6(x),
    "swish": lambda x: functional.silu(x),
    "sigmoid": lambda x: torch.sigmoid(x),
    **{word: function for word, (_, function) in ACTIVATIONS.items()},
    "softmax": lambda x: functional.softmax(x, dim=1),
    "global_pool": lambda x: functional.adaptive_avg_pool3d(x, 1),
    "adaptive_avg_pool": lambda x: functional.adaptive_avg_pool3d(x, ADAPTIVE_SIZE),
    "adaptive_max_pool": lambda x: functional.adaptive_max_pool3d(x, ADAPTIVE_SIZE),
    "add": lambda x, y: torch.add(x, y),
    "gate": lambda x, y: torch.mul(x, y),
}


PLAIN: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "swish": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
    **{word: module for word, (module, _) in ACTIVATIONS.items()},
    "softmax": partial(nn.Softmax, dim=1),
    "dropout": nn.Dropout,
}


def _module(op: Op, channels: int, sizes: tuple[int, ...]) -> nn.Module:
    if op.word in PLAIN:
        return PLAIN[op.word]()
    if isinstance(op, LayerNorm):
        return OnLast(nn.LayerNorm(channels, elementwise_affine=op.affine))
    if isinstance(op, RmsNorm):
        return OnLast(nn.RMSNorm(channels))
    if isinstance(op, GroupNorm):
        norm = nn.GroupNorm(op.groups, channels, affine=op.affine)
        return norm if op.over == "clip" else AsImages(norm)
    if isinstance(op, InstanceNorm):
        if op.over == "clip":
            return nn.InstanceNorm3d(channels, affine=op.affine)
        return AsImages(nn.InstanceNorm2d(channels, affine=op.affine))
    if isinstance(op, Prelu):
        return nn.PReLU(channels if op.each_channel else 1)
    if isinstance(op, Linear):
        return nn.Linear(channels, op.channels, op.bias)
    if isinstance(op, BatchNorm):
        return nn.BatchNorm3d(channels)
    if isinstance(op, GlobalPool):
        return nn.AdaptiveAvgPool3d(tuple(1 if kernel is None else None for kernel in op.kernel))
    if isinstance(op, AdaptivePool):
        pool = nn.AdaptiveMaxPool3d if op.kind == "max" else nn.AdaptiveAvgPool3d
        return pool(op.size)
    if isinstance(op, Interpolate):
        return _upsample(op, sizes)
    if isinstance(op, Last):
        return NewestFrame()
    if isinstance(op, ConvTranspose):
        return nn.ConvTranspose3d(
            *(channels, op.channels, op.kernel, op.stride, op.padding, op.output_padding),
            *(op.groups, op.bias, op.dilation),
        )
    padding = tuple(op.pads(axis, TensorType(channels, *sizes))[0] for axis in range(3))
    kernel = tuple(size if each is None else each for each, size in zip(op.kernel, sizes, strict=True))
    if isinstance(op, Conv):
        return nn.Conv3d(channels, op.channels, kernel, op.stride, padding, op.dilation, op.groups, op.bias)
    if isinstance(op, AvgPool):
        return nn.AvgPool3d(kernel, op.stride, padding)
    assert isinstance(op, MaxPool)
    return nn.MaxPool3d(kernel, op.stride, padding, op.dilation)


def _upsample(op: Interpolate, sizes: tuple[int, ...]) -> nn.Module:
    """As code for clips has it, bilinear as code for images."""
    out = op.out(TensorType(1, *sizes))
    corners = op.align_corners or None
    if op.mode == "bilinear":
        return AsImages(nn.Upsample((out.height, out.width), mode="bilinear", align_corners=corners))
    return nn.Upsample(tuple(out[1:]), mode=op.mode, align_corners=corners)


def _interpolate(op: Interpolate, sizes: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    out = op.out(TensorType(1, *sizes))
    if op.mode != "bilinear":
        return lambda clip: functional.interpolate(clip, tuple(out[1:]), mode=op.mode)

    def on_images(clip: Tensor) -> Tensor:
        images = functional.interpolate(
            clip.transpose(1, 2).flatten(0, 1), (out.height, out.width), mode="bilinear"
        )
        return images.unflatten(0, (len(clip), clip.shape[2])).transpose(1, 2)

    return on_images


def _as_function(op: Op, made: nn.Module) -> Callable[[Tensor], Tensor]:
    """The function that a module calls, on the parameters of one that no network holds."""
    made = made.eval().requires_grad_(False)
    if isinstance(op, Conv):
        return lambda x: functional.conv3d(
            x, made.weight, made.bias, made.stride, made.padding, made.dilation, made.groups
        )
    if isinstance(op, Prelu):
        return lambda x: functional.prelu(x, made.weight)
    if isinstance(op, Linear):
        return lambda x: functional.linear(x, made.weight, made.bias)
    if isinstance(op, BatchNorm):
        return lambda x: functional.batch_norm(x, made.running_mean, made.running_var, made.weight, made.bias)
    if isinstance(op, AvgPool):
        return lambda x: functional.avg_pool3d(x, made.kernel_size, made.stride, made.padding)
    return lambda x: functional.max_pool3d(x, made.kernel_size, made.stride, made.padding)
