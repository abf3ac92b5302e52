"""The conventions beside the tools themselves, on small networks of every op as PyTorch code writes them."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from without_compiled_ops import torchvision_stubs
from written_layers import (
    ACTIVATIONS,
    Written,
)

from costmodel import analyze, load
from costmodel.emit import emit
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.ops import OPS
from costmodel.spec import elaborate, from_text

TOOLS = ("torch", "fvcore", "ptflops", "ptflops-aten", "thop", "torchinfo")
MODULES = ("fvcore", "ptflops", "thop", "torchinfo", "torchvision")

# Layers that make a network of their own, by the word that they show; each on clips of 8 channels, 4x8x8.
CASES = {
    "conv": "conv: {channels: 12, kernel: [3, 1, 3], stride: [1, 2, 1], groups: 2}",
    "conv with a bias": "conv: {channels: 6, kernel: 3, dilation: [1, 1, 2], bias: true}",
    "depthwise conv": "conv: {channels: 8, kernel: [5, 1, 1], groups: 8}",
    "conv_transpose": "conv_transpose: {channels: 6, kernel: [1, 3, 2], stride: [1, 2, 2], "
    "padding: [0, 1, 0]}",
    "conv_transpose with a bias": "conv_transpose: {channels: 6, kernel: [1, 2, 2], stride: [1, 2, 2], "
    "groups: 2, bias: true}",
    "conv as a function": "conv: {channels: 6, kernel: 3, bias: true, written: function}",
    "linear": "linear: {channels: 5}",
    "linear on one position": ["global_pool", "linear: {channels: 5}"],
    "linear without a bias": "linear: {channels: 5, bias: false}",
    "linear as a function": ["global_pool", "linear: {channels: 5, written: function}"],
    "bn": "bn",
    "bn as a function": "bn: {written: function}",
    "flatten": ["flatten", "linear: {channels: 3}"],
    "subsample": "subsample: {stride: [2, 1, 1]}",
    "crop": "crop: {before: [2, 0, 0], after: [0, 1, 1]}",
    "sgs": "sgs: {dimension: 4, active: 3}",
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
    "conv_lstm": "conv_lstm: {channels: 5}",
    "conv_gru without a bias": "conv_gru: {channels: 5, kernel: 1, bias: false}",
    **{
        f"attention {how} as {written}": f"attention: {{softmax: {softmax}, query: [], key: [], "
        f"value: [relu], written: {written}}}"
        for how, softmax in (("by softmax", "true"), ("by number", "false"))
        for written in ("function", "operator")
    },
    **{
        f"attention over {over} as {written}": f"attention: {{{fields}, query: [], key: [], "
        f"value: [relu], written: {written}}}"
        for over, fields in (
            ("a frame", "over: frame"),
            ("a window", "over: window, frames: 3"),
            ("a window by number", "over: window, frames: 2, softmax: false"),
        )
        for written in ("function", "operator")
    },
    "roll": "roll: {to_end: [0, 1, 0], to_front: [0, 0, 2]}",
    **{
        f"window_attention, {fields}": f"window_attention: {{windows: [2, 4, 4], heads: 2, {fields}, "
        "query: [], key: [], value: [relu]}"
        for fields in ("bias: false", "bias: true", "bias: true, shift: [1, 2, 2]")
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
    **{
        f"{word} to {size} as {written}": f"{word}: {{size: {size}, written: {written}}}"
        for word in ("adaptive_avg_pool", "adaptive_max_pool")
        for size, written in (
            ("[1, 3, 5]", "module"),
            ("[1, 3, 5]", "function"),
            ("[all, 7, 1]", "module"),
            ("[3, 3, 3]", "module"),
            ("[1, 1, 1]", "module"),
        )
    },
    **{
        f"interpolate {mode} as {written}": f"interpolate: {{size: [all, 11, 5], mode: {mode}, "
        f"written: {written}}}"
        for mode in ("nearest", "bilinear", "trilinear")
        for written in ("module", "function")
    },
    "interpolate by a factor": "interpolate: {factor: [1, 2, 1.5], mode: bilinear, align_corners: true}",
    "avg_pool over all": "avg_pool: {kernel: all}",
    "scale": "scale: {per: one}",
    "bias": "bias: {per: map}",
    **{
        f"{norm} {fields}": f"{norm}: {{{fields}}}"
        for norm, fields in (
            ("layer_norm", "affine: true"),
            ("layer_norm", "affine: false"),
            ("rms_norm", ""),
            ("group_norm", "groups: 2"),
            ("group_norm", "groups: 4, affine: false, over: clip"),
            ("instance_norm", "affine: true"),
            ("instance_norm", "over: clip"),
        )
    },
    "cumulative_pool": "cumulative_pool",
    "cumulative_pool of the largest": "cumulative_pool: {of: max}",
    "last": "last",
    "global_pool over the map": "global_pool: {kernel: [1, all, all]}",
    **{
        f"{word} as {written}": f"{word}: {{a: [], b: [relu], written: {written}}}"
        for word in ("add", "gate")
        for written in ("function", "operator")
    },
    "concat": "concat: {a: [], b: [conv: {channels: 3}]}",
    "squeeze_excite": "squeeze_excite",
}


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
    if case == "sgs" and tool not in ("torch", "thop"):
        with pytest.raises(
            OptionError, match=r"sgs: convention .* neither counts nor leaves out mac\.sampling"
        ):
            count(graph, tool)
        return
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
    assert {op.word for op in OPS.values() if op.runs} - shown == set()
