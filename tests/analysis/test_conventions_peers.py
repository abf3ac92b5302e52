"""The conventions beside the tools themselves, on small networks of every op as PyTorch code writes them."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from without_compiled_ops import torchvision_stubs

from costmodel import analyze, load
from costmodel.analysis.conventions import way_of
from costmodel.emit import emit
from costmodel.graph import INPUT, Graph, Node
from costmodel.ops import OPS, AvgPool, BatchNorm, Conv, GlobalPool, Linear, MaxPool, Op, Prelu, Recurrent
from costmodel.spec import elaborate, from_text


class KerasHardSigmoid(nn.Module):
    """Keras' hard sigmoid, as ports write it."""

    def forward(self, x: Tensor) -> Tensor:
        return (0.2 * x + 0.5).clamp(0, 1)


TOOLS = ("torch", "fvcore", "ptflops", "ptflops-aten", "thop", "torchinfo")
SEEING_OPERATORS = ("torch", "fvcore", "ptflops-aten")
MODULES = ("fvcore", "ptflops", "thop", "torchinfo", "torchvision")

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
# Layers that make a network of their own, by the word that they show; each on clips of 8 channels, 4x8x8.
CASES = {
    "conv": "conv: {channels: 12, kernel: [3, 1, 3], stride: [1, 2, 1], groups: 2}",
    "conv with a bias": "conv: {channels: 6, kernel: 3, dilation: [1, 1, 2], bias: true}",
    "depthwise conv": "conv: {channels: 8, kernel: [5, 1, 1], groups: 8}",
    "conv as a function": "conv: {channels: 6, kernel: 3, bias: true, written: function}",
    "linear": "linear: {channels: 5}",
    "linear on one position": ["global_pool", "linear: {channels: 5}"],
    "linear without a bias": "linear: {channels: 5, bias: false}",
    "linear as a function": ["global_pool", "linear: {channels: 5, written: function}"],
    "bn": "bn",
    "bn as a function": "bn: {written: function}",
    "flatten": ["flatten", "linear: {channels: 3}"],
    "subsample": "subsample: {stride: [2, 1, 1]}",
    "dropout": "dropout",
    "identity": "identity",
    "prelu": "prelu",
    "prelu of each channel": "prelu: {each_channel: true}",
    "prelu as a function": "prelu: {written: function}",
    "shuffle": "shuffle: {groups: 4}",
    "split": "split: {part: 2}",
    "pad_channels": "pad_channels: {channels: 11}",
    "shift": "shift: {frames: 2}",
    **{
        f"{word} on one position": ["global_pool: {kernel: [1, all, all]}", f"{word}: {{channels: 5}}"]
        for word in ("lstm", "gru")
    },
    **{
        f"attention {how} as {written}": f"attention: {{softmax: {softmax}, query: [], key: [], "
        f"value: [relu], written: {written}}}"
        for how, softmax in (("by softmax", "true"), ("by number", "false"))
        for written in ("function", "operator")
    },
    **{
        f"{word} as {written}": f"{word}: {{written: {written}}}"
        for word in ("relu", "relu6", "swish", "sigmoid", "softmax", "global_pool")
        for written in ("module", "function", "operator")
    },
    **{
        f"{word} as {written}": f"{word}: {{written: {written}}}"
        for word in ACTIVATIONS
        for written in ("module", "function")
    },
    **{
        f"{word} as {written}": f"{word}: {{kernel: [3, 2, 2], stride: [1, 2, 2], padding: [1, 0, 0], "
        f"written: {written}}}"
        for word in ("avg_pool", "max_pool")
        for written in ("module", "function")
    },
    "avg_pool over all": "avg_pool: {kernel: all}",
    "scale": "scale: {per: one}",
    "bias": "bias: {per: map}",
    "cumulative_pool": "cumulative_pool",
    "cumulative_pool of the largest": "cumulative_pool: {of: max}",
    "global_pool over the map": "global_pool: {kernel: [1, all, all]}",
    **{
        f"{word} as {written}": f"{word}: {{a: [], b: [relu], written: {written}}}"
        for word in ("add", "gate")
        for written in ("function", "operator")
    },
    "concat": "concat: {a: [], b: [conv: {channels: 3}]}",
    "squeeze_excite": "squeeze_excite",
}


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
    if isinstance(node.op, Recurrent):
        return _recurrent(node.op, x.channels, tool)
    if word in (
        "flatten",
        "subsample",
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
            "subsample": lambda clip: clip[:, :, :: node.op.stride[0]],
            "concat": lambda *clips: torch.cat(clips, 1),
        }[word]
    if word == "attention":
        return partial(_attention, way, node.op.softmax)
    if way == "operator":
        return OPERATORS[word]
    if way == "function" and word in FUNCTIONS:
        return FUNCTIONS[word]
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
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    # looked up when called: one of the tools replaces functions while it counts
    "relu": lambda x: functional.relu(x),
    "relu6": lambda x: functional.relu6(x),
    "swish": lambda x: functional.silu(x),
    "sigmoid": lambda x: torch.sigmoid(x),
    **{word: function for word, (_, function) in ACTIVATIONS.items()},
    "softmax": lambda x: functional.softmax(x, dim=1),
    "global_pool": lambda x: functional.adaptive_avg_pool3d(x, 1),
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
    if isinstance(op, Prelu):
        return nn.PReLU(channels if op.each_channel else 1)
    if isinstance(op, Linear):
        return nn.Linear(channels, op.channels, op.bias)
    if isinstance(op, BatchNorm):
        return nn.BatchNorm3d(channels)
    if isinstance(op, GlobalPool):
        return nn.AdaptiveAvgPool3d(tuple(1 if kernel is None else None for kernel in op.kernel))
    padding = tuple(op.pads(axis)[0] for axis in range(3))
    kernel = tuple(size if each is None else each for each, size in zip(op.kernel, sizes, strict=True))
    if isinstance(op, Conv):
        return nn.Conv3d(channels, op.channels, kernel, op.stride, padding, op.dilation, op.groups, op.bias)
    if isinstance(op, AvgPool):
        return nn.AvgPool3d(kernel, op.stride, padding)
    assert isinstance(op, MaxPool)
    return nn.MaxPool3d(kernel, op.stride, padding, op.dilation)


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


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Ignores what the tools warn of and print."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def tools() -> None:
    """Makes the tools importable, which need torchvision."""
    with torchvision_stubs():
        import torchvision  # noqa: F401
    logging.getLogger("fvcore.nn.jit_analysis").setLevel(logging.ERROR)


def printed(tool: str, network: nn.Module, clip: Tensor) -> int:
    """What a tool prints for a network in evaluation mode."""
    network = network.eval()
    with quiet(), torch.no_grad():
        match tool:
            case "torch":
                with FlopCounterMode(display=False) as counter:
                    network(clip)
                return counter.get_total_flops()
            case "fvcore":
                from fvcore.nn import FlopCountAnalysis

                return int(FlopCountAnalysis(network, clip).total())
            case "thop":
                import thop

                return int(thop.profile(network, (clip,), verbose=False)[0])
            case "torchinfo":
                import torchinfo

                return torchinfo.summary(network, input_data=clip, verbose=0).total_mult_adds
        import ptflops

        backend = "aten" if tool == "ptflops-aten" else "pytorch"
        options: dict[str, Any] = {"as_strings": False, "print_per_layer_stat": False, "backend": backend}
        options["input_constructor"] = lambda size: clip  # its own input is memory as it was found
        return int(ptflops.get_model_complexity_info(network, tuple(clip.shape[1:]), **options)[0])


def network_of(case: str) -> Graph:
    layers = CASES[case]
    lines = "".join(f"  - {layer}\n" for layer in ([layers] if isinstance(layers, str) else layers))
    return elaborate(
        from_text(
            f"name: small\ninput: {{channels: 8, time: 4, height: 8, width: 8}}\nnetwork:\n{lines}  - relu\n"
        )
    )


def clip_of(graph: Graph) -> Tensor:
    return torch.randn(1, *(int(size) for size in graph.source))


def count(graph: Graph, tool: str) -> int:
    return analyze(graph, convention=tool).totals["count_per_frame"]


@pytest.mark.peers(*MODULES)
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("case", CASES)
def test_a_layer_counts_what_the_tool_prints(case: str, tool: str):
    graph = network_of(case)
    assert count(graph, tool) == printed(tool, Written(graph, tool), clip_of(graph))


@pytest.mark.peers(*MODULES, "pytorchvideo")
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    ("variant", "frames", "crop"),
    [("S-pytorchvideo", 13, 64), pytest.param("M-pytorchvideo", 16, 224, marks=pytest.mark.slow)],
)
def test_pytorchvideos_own_x3d_prints_what_its_spec_counts(variant: str, frames: int, crop: int, tool: str):
    with quiet():
        from pytorchvideo.models.x3d import create_x3d

        network = create_x3d(input_clip_length=frames, input_crop_size=crop, model_num_class=400)
    graph = load("x3d", variant=variant, crop=crop)
    assert count(graph, tool) == printed(tool, network, clip_of(graph))


@pytest.mark.peers(*MODULES)
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("tool", ["fvcore", "ptflops-aten"])
def test_tools_that_see_every_operator_print_the_same_for_an_emitted_clip_network(tool: str):
    graph = load("x3d_s", frames=4, crop=32)
    assert count(graph, tool) == printed(tool, emit(graph), clip_of(graph))


def test_torch_prints_the_same_for_an_emitted_clip_network():
    graph = load("x3d_s", frames=4, crop=32)
    assert count(graph, "torch") == printed("torch", emit(graph), clip_of(graph))


def test_every_op_has_a_small_network():
    shown = {node.op.word for case in CASES for node in network_of(case).nodes}
    assert {op.word for op in OPS.values()} - shown == set()
