"""Every op of a spec equals torch: output shape, parameter shapes, multiply-adds."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torch_layers import (
    AttentionInWindows,
    ConvRecurrent,
    EachFrame,
    Learned,
    Recurrent,
    Sampling,
    attention,
    attention_back,
    attention_by_heads,
    attention_in_time,
    temporal_shift,
)
from written_layers import OnLast

from costmodel.emit.modules.base import layer_for
from costmodel.ops import (
    OPS,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    Attention,
    AvgPool,
    BatchNorm,
    Bias,
    ClipCrop,
    Concat,
    Conv,
    ConvGru,
    ConvLstm,
    ConvTranspose,
    CumulativePool,
    Dropout,
    Flatten,
    Gate,
    GlobalPool,
    GroupNorm,
    Gru,
    Identity,
    InstanceNorm,
    Interpolate,
    Last,
    LayerNorm,
    Linear,
    Lstm,
    MaxPool,
    Op,
    PadChannels,
    Prelu,
    Relu,
    Relu6,
    RmsNorm,
    Roll,
    Scale,
    Sgs,
    Shift,
    Shuffle,
    Sigmoid,
    Softmax,
    Split,
    Subsample,
    Swish,
    WindowAttention,
    infer,
)
from costmodel.ops.base import macs_of
from costmodel.types import TensorType

X = TensorType(8, 6, 5, 7)


@dataclass(frozen=True)
class Case:
    """An op, what torch has in its place, and the inputs of both."""

    op: Op
    peer: Callable[..., Tensor]
    inputs: tuple[TensorType, ...] = (X,)


same_conv = nn.Sequential(
    nn.ConstantPad3d((1, 1, 1, 1, 0, 0), 0.0), nn.Conv3d(8, 4, (1, 3, 3), (1, 2, 2), bias=False)
)
ACTIVATIONS: dict[str, nn.Module] = {
    "hard_swish": nn.Hardswish(),
    "hard_sigmoid": nn.Hardsigmoid(),
    "hard_sigmoid_keras": nn.Hardsigmoid(),
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "softplus": nn.Softplus(),
    "mish": nn.Mish(),
    "tanh": nn.Tanh(),
}
CASES = [
    Case(Conv(channels=12), nn.Conv3d(8, 12, 1, bias=False)),
    Case(Conv(channels=12, kernel=(3, 3, 3)), nn.Conv3d(8, 12, 3, padding=1, bias=False)),
    Case(
        Conv(channels=8, kernel=(5, 1, 1), groups=8),
        nn.Conv3d(8, 8, (5, 1, 1), padding=(2, 0, 0), groups=8, bias=False),
    ),
    Case(
        Conv(
            channels=4,
            kernel=(3, 2, 3),
            stride=(2, 1, 2),
            padding=(0, 1, 2),
            dilation=(2, 1, 1),
            groups=2,
            bias=True,
        ),
        nn.Conv3d(8, 4, (3, 2, 3), (2, 1, 2), (0, 1, 2), (2, 1, 1), groups=2),
    ),
    Case(
        Conv(channels=4, kernel=(3, 1, 1), dilation=(2, 1, 1), causal=True),
        nn.Sequential(
            nn.ConstantPad3d((0, 0, 0, 0, 4, 0), 0.0),
            nn.Conv3d(8, 4, (3, 1, 1), dilation=(2, 1, 1), bias=False),
        ),
    ),
    Case(
        MaxPool(kernel=(2, 3, 3), stride=(2, 2, 2), padding=(0, 1, 1)), nn.MaxPool3d((2, 3, 3), 2, (0, 1, 1))
    ),
    Case(AvgPool(kernel=(3, 1, 1)), nn.AvgPool3d((3, 1, 1), 1, (1, 0, 0))),
    Case(AvgPool(kernel=(2, None, None), padding=(0, 0, 0)), nn.AvgPool3d((2, 5, 7), 1)),
    Case(Conv(channels=4, kernel=(1, 3, 3), stride=(1, 2, 2), padding=("same",) * 3), same_conv),
    Case(
        AvgPool(kernel=(1, 3, 3), stride=(1, 2, 2), padding=("same",) * 3, count_include_pad=False),
        nn.AvgPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1), count_include_pad=False),
    ),
    Case(
        AvgPool(kernel=(3, 2, 4), stride=(2, 3, 3), padding=(1, 1, 2), ceil_mode=True),
        nn.AvgPool3d((3, 2, 4), (2, 3, 3), (1, 1, 2), ceil_mode=True),
    ),
    Case(
        MaxPool(kernel=(2, 3, 3), stride=(2, 2, 3), padding=(0, 0, 1), ceil_mode=True),
        nn.MaxPool3d((2, 3, 3), (2, 2, 3), (0, 0, 1), ceil_mode=True),
    ),
    Case(
        MaxPool(kernel=(1, 2, 2), padding=(0, (1, 0), (0, 1))),
        nn.Sequential(nn.ConstantPad3d((0, 1, 1, 0, 0, 0), float("-inf")), nn.MaxPool3d((1, 2, 2), 1)),
    ),
    Case(GlobalPool(), nn.AdaptiveAvgPool3d(1)),
    Case(CumulativePool(), lambda x: x.cumsum(2) / torch.arange(1, 7).view(-1, 1, 1)),
    Case(CumulativePool(of="max"), lambda x: x.cummax(2).values),
    Case(CumulativePool(over="map", answers="last"), nn.AdaptiveAvgPool3d(1)),
    Case(CumulativePool(of="max", answers="last"), lambda x: x.amax(2, keepdim=True)),
    Case(Last(), lambda x: x[:, :, -1:]),
    Case(ClipCrop(before=(2, 0, 1), after=(1, 2, 0)), lambda x: x[:, :, 2:-1, :-2, 1:]),
    Case(Subsample(stride=(4, 1, 2)), lambda x: x[:, :, ::4, :, ::2]),
    Case(BatchNorm(), nn.BatchNorm3d(8).eval()),
    Case(Relu(), nn.ReLU()),
    Case(Relu6(), nn.ReLU6()),
    Case(Swish(), nn.SiLU()),
    Case(Sigmoid(), nn.Sigmoid()),
    *(Case(OPS[word](), peer) for word, peer in ACTIVATIONS.items()),
    Case(Prelu(), nn.PReLU()),
    Case(Prelu(each_channel=True), nn.PReLU(8)),
    Case(Identity(), nn.Identity()),
    Case(Softmax(), nn.Softmax(dim=1)),
    Case(Dropout(), nn.Dropout3d().eval()),
    Case(LayerNorm(), OnLast(nn.LayerNorm(8))),
    Case(LayerNorm(affine=False), OnLast(nn.LayerNorm(8, elementwise_affine=False))),
    Case(RmsNorm(), OnLast(nn.RMSNorm(8))),
    Case(GroupNorm(groups=2), EachFrame(nn.GroupNorm(2, 8))),
    Case(GroupNorm(groups=4, over="clip", affine=False), nn.GroupNorm(4, 8, affine=False)),
    Case(InstanceNorm(), EachFrame(nn.InstanceNorm2d(8))),
    Case(InstanceNorm(over="clip", affine=True), nn.InstanceNorm3d(8, affine=True)),
    Case(Scale(per="one"), Learned("weight", (), ())),
    Case(Scale(), Learned("weight", (8,), (8, 1, 1, 1))),
    Case(Bias(per="map"), Learned("bias", (8, 5, 7), (8, 1, 5, 7))),
    Case(Bias(per="frame"), Learned("bias", (8, 6), (8, 6, 1, 1))),
    Case(Bias(per="value"), Learned("bias", (8, 6, 5, 7), (8, 6, 5, 7))),
    Case(Linear(channels=5), OnLast(nn.Linear(8, 5))),
    Case(Linear(channels=5, bias=False), OnLast(nn.Linear(8, 5, bias=False))),
    Case(Flatten(), lambda x: x.reshape(x.shape[0], -1, 1, 1, 1)),
    Case(Add(), lambda x, y, z: x + y + z, (X, X, X)),
    Case(Add(crop=True), lambda x, y: x[:, :, :4] + y, (X, X.with_time(4))),
    Case(Add(crop="centred"), lambda x, y: x[:, :, 1:4] + y, (X, X.with_time(3))),
    Case(
        ConvTranspose(channels=6, kernel=(1, 3, 2), stride=(1, 2, 2), padding=(0, 1, 0), bias=True),
        nn.ConvTranspose3d(8, 6, (1, 3, 2), (1, 2, 2), (0, 1, 0)),
    ),
    Case(
        ConvTranspose(
            channels=4,
            kernel=(1, 2, 3),
            stride=(1, 3, 2),
            output_padding=(0, 1, 1),
            dilation=(1, 2, 1),
            groups=2,
        ),
        nn.ConvTranspose3d(8, 4, (1, 2, 3), (1, 3, 2), 0, (0, 1, 1), 2, False, (1, 2, 1)),
    ),
    *(
        Case(op(size=size), torch_pool(size))
        for op, torch_pool in (
            (AdaptiveAvgPool, nn.AdaptiveAvgPool3d),
            (AdaptiveMaxPool, nn.AdaptiveMaxPool3d),
        )
        for size in ((None, 4, 3), (1, 5, None), (1, 1, 1), (3, 2, 2), (4, 9, 2))
    ),
    Case(Interpolate(factor=(1, 2, 3)), nn.Upsample(scale_factor=(1, 2, 3))),
    Case(Interpolate(size=(None, 4, 11)), lambda x: functional.interpolate(x, (x.shape[2], 4, 11))),
    Case(
        Interpolate(factor=(1, Fraction(3, 5), 2), mode="bilinear"),
        nn.Upsample(scale_factor=(1, 0.6, 2), mode="trilinear"),
    ),
    Case(
        Interpolate(size=(None, 5, None), mode="trilinear", align_corners=True),
        lambda x: functional.interpolate(x, (*x.shape[2:3], 5, x.shape[4]), None, "trilinear", True),
    ),
    Case(Concat(), lambda x, y: torch.cat([x, y], 1), (X, X._replace(channels=3))),
    Case(Concat(crop="newest"), lambda x, y: torch.cat([x[:, :, 2:], y], 1), (X, X.with_time(4))),
    Case(Shuffle(groups=4), nn.ChannelShuffle(4)),
    Case(Split(part=2, parts=4), lambda x: x.chunk(4, 1)[1]),
    Case(Split(part=3, parts=3), lambda x: x[:, 4:]),
    Case(Split(part=2, sizes=(3, 2)), lambda x: x.split([3, 2, 3], 1)[1]),
    Case(Split(part=3, shares=(Fraction(1, 3), Fraction(1, 3))), lambda x: x[:, 4:]),
    Case(PadChannels(channels=11), lambda x: functional.pad(x, (0,) * 7 + (3,))),
    Case(Shift(frames=2), lambda x: torch.cat([torch.zeros_like(x[:, :, :2]), x[:, :, :-2]], 2)),
    Case(Shift(frames=-2), lambda x: torch.cat([x[:, :, 2:], torch.zeros_like(x[:, :, :2])], 2)),
    Case(Shift(past=Fraction(1, 8), future=Fraction(1, 8)), temporal_shift),
    Case(Sgs(active=3, dimension=4), Sampling(3)),
    Case(Lstm(channels=5), Recurrent(nn.LSTMCell(8, 5))),
    Case(Gru(channels=5), Recurrent(nn.GRUCell(8, 5))),
    *(
        Case(op, ConvRecurrent(op, X))
        for op in (
            ConvLstm(channels=5),
            ConvLstm(5, 1, peepholes=True),
            ConvGru(5),
            ConvGru(2, 5, bias=False),
        )
    ),
    Case(Attention(heads=2), attention_by_heads, (X, TensorType(8, 6, 2, 3), TensorType(4, 6, 2, 3))),
    *(
        Case(
            Attention(over="time", heads=heads),
            partial(attention_in_time, heads),
            (X, X.with_time(3), X.with_time(3)._replace(channels=6)),
        )
        for heads in (1, 2)
    ),
    *(
        Case(
            WindowAttention(windows=windows, shift=shift, heads=2, bias=has_bias),
            AttentionInWindows(windows, shift, has_bias),
            (TensorType(8, 4, 6, 9), TensorType(8, 4, 6, 9), TensorType(4, 4, 6, 9)),
        )
        for windows, shift, has_bias in (
            ((2, 3, 3), (0, 0, 0), True),
            ((2, 3, 3), (1, 1, 2), True),
            ((1, 2, 3), (0, 1, 1), False),
        )
    ),
    Case(Roll(to_end=(2, 0, 3), to_front=(0, 1, 0)), lambda x: torch.roll(x, (-2, 1, -3), (2, 3, 4))),
    Case(Attention(), attention, (X, TensorType(8, 6, 2, 3), TensorType(3, 6, 2, 3))),
    *(
        Case(op, partial(attention_back, op.reach), (X, TensorType(8, 6, 2, 3), TensorType(3, 6, 2, 3)))
        for op in (Attention(over="frame"), Attention(over="window", frames=4))
    ),
    Case(Gate(), lambda x, y: x * y, (X, TensorType(8, 1, 1, 1))),
    Case(Gate(crop="newest"), lambda x, y: x[:, :, 2:] * y, (X, TensorType(8, 4, 1, 1))),
]


def title(case: Case) -> str:
    return type(case.op).__name__


def example(types: tuple[TensorType, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(1, *x, generator=generator) for x in types]


def test_every_op_of_a_spec_has_a_case():
    assert {type(case.op) for case in CASES} == {op for op in OPS.values() if op.runs}


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_output_has_torchs_shape(case: Case):
    out = case.peer(*example(case.inputs))
    assert (1, *infer(case.op, case.inputs)) == tuple(out.shape)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_weights_have_torchs_shapes(case: Case):
    shapes = case.op.weights(*case.inputs)
    found = dict(case.peer.named_parameters()) if isinstance(case.peer, nn.Module) else {}
    assert {name.split(".")[-1]: tuple(value.shape) for name, value in found.items()} == (
        {name: shape[:2] if isinstance(case.op, Linear) else shape for name, shape in shapes.items()}
    )


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_multiply_adds_are_torchs(case: Case):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        case.peer(*example(case.inputs))
    assert 2 * macs_of(case.op.work(*case.inputs)) == counter.get_total_flops()


def test_operations_other_than_multiply_adds_have_kinds_of_their_own():
    assert Conv(channels=4, bias=True).work(X)["bias.conv"] == 4 * X.positions
    assert BatchNorm().work(X) == {"norm": X.values}
    assert Swish().work(X) == {"activation.swish": X.values}
    assert Add().work(X, X, X) == {"add": 2 * X.values}
    assert Gate().work(X, TensorType(8, 1, 1, 1)) == {"mul": X.values}


def test_a_pool_counts_inputs_outputs_and_taps_apart():
    work = MaxPool(kernel=(2, 2, 1), stride=(2, 1, 1), padding=(0, 0, 0)).work(X)
    assert work == {
        "pool.max.inputs": X.values,
        "pool.max.outputs": 8 * 3 * 4 * 7,
        "pool.max.taps": 4 * 8 * 3 * 4 * 7,
    }


@pytest.mark.parametrize("case", [case for case in CASES if isinstance(case.op, WindowAttention)], ids=title)
def test_attention_in_windows_answers_as_neighbours_by_place(case: Case):
    layer, inputs = layer_for(case.op, case.inputs), example(case.inputs)
    assert isinstance(case.peer, nn.Module)
    for values in case.peer.parameters():
        nn.init.normal_(values)
    layer.load_state_dict(case.peer.state_dict())
    assert torch.allclose(layer(*inputs), case.peer(*inputs), atol=1e-6)
