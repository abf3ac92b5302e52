"""tract, which knows none of our rules, makes streams of our clip networks: equal delays, equal answers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor

from costmodel import continual
from costmodel.analysis.temporal import timing
from costmodel.edit import Editor
from costmodel.emit import StreamNetwork, emit
from costmodel.emit.export import export_onnx
from costmodel.graph import INPUT, Graph, Node
from costmodel.network import Network
from costmodel.ops import Add, BatchNorm, Concat, Conv, MaxPool, Op, Relu, Sigmoid
from costmodel.transforms.output import Output
from costmodel.types import TensorType
from costmodel.validation.convolutions import of_doubles
from costmodel.validation.running import drawn

NETWORKS = 200
CYCLES = 12  # that are compared
CLOSE = 1e-4  # in 32 bits, of the largest value
SHAPES = ((1, False, 1), (2, True, 1), (3, False, 1), (3, True, 1), (5, False, 1), (3, True, 2))


def random_body(seed: int) -> Graph:
    """Convolutions, pools, norms and residuals of all strides, with no layer over the whole clip."""
    random, nodes = Random(seed), list[Node]()

    def add(op: Op, *inputs: str) -> str:
        nodes.append(Node(f"{type(op).word}_{len(nodes)}", op, inputs))
        return nodes[-1].name

    def conv(source: str, stride: int = 1, least: int = 1) -> str:
        kernel, causal, dilation = random.choice([shape for shape in SHAPES if shape[0] >= least])
        return add(
            Conv(
                channels=4,
                kernel=(kernel, 3, 3),
                stride=(stride, 1, 1),
                dilation=(1 if stride > 1 else dilation, 1, 1),
                groups=random.choice((1, 2)) if source != INPUT else 1,
                causal=causal,
                bias=random.random() < 0.5,
            ),
            source,
        )

    edge = conv(INPUT)
    for _ in range(random.randint(1, 3)):
        # tract has no pulse of a convolution that strides and sees one frame.
        stride = random.choice((1, 1, 2))
        left = conv(add(random.choice((Relu, Sigmoid, BatchNorm))(), conv(edge, stride, least=2)))
        right = edge if stride == 1 else conv(edge, stride, least=2)
        edge = add(random.choice((Add, Add, Concat))(), left, right)
        edge = add(MaxPool(kernel=(3, 1, 1)), edge) if random.random() < 0.3 else edge
        edge = conv(edge)
    return Graph(f"body_{seed}", TensorType(2, 24, 4, 4), tuple(nodes))


def without_strided_points(graph: Graph) -> tuple[Graph, Mapping[str, Tensor]]:
    """A network whose strided 1 x 1 kernels stand in 3 x 3 ones of zeros, which tract takes, and weights."""
    editor, points = Editor(graph), []
    for node in graph.nodes:
        if isinstance(node.op, Conv) and node.op.kernel == (1, 1, 1) and node.op.stride != (1, 1, 1):
            editor.replace(node.name, replace(node.op, kernel=(1, 3, 3), padding=(0, 1, 1)))
            points.append(node.name)
    assert points
    embedded = editor.graph()
    with of_doubles():
        tensors = dict(drawn(embedded, 0))
    for name in points:
        centre = torch.zeros(3, 3, dtype=torch.float64)
        centre[1, 1] = 1
        tensors[f"{name}.weight"] = tensors[f"{name}.weight"] * centre
    return embedded, tensors


def pulsed(clip: Graph, tensors: Mapping[str, Tensor], path: Path, pulse: int) -> tuple[int, object]:
    """The delay that tract gives a clip network, in its answers, and its stream."""
    import onnx
    import tract

    network = emit(clip).eval()
    network.load_state_dict(tensors)
    export_onnx(network, path)
    model = onnx.load(path)
    # The file is of one clip; tract is told that its frames are any number.
    model.graph.ClearField("value_info")
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "T"
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, path)
    program = tract.onnx().load(path)
    channels, _, height, width = map(int, clip.source)
    program.set_input_fact(0, f"1,{channels},T,{height},{width},f32")
    program = program.into_model()
    program.transform(tract.Pulse(pulse, symbol="T"))
    delay = int(program.property("pulse.delay").to_numpy()[0])
    return delay, program.into_runnable().spawn_state()


def answers_of(state: object, clip: Tensor, pulse: int) -> Iterator[Tensor]:
    for frames in clip.split(pulse, 2):
        (found,) = state.run([frames.numpy()])  # type: ignore[attr-defined]
        yield torch.from_numpy(found.to_numpy().copy())


def tracts_own_wait(stream: Graph) -> int:
    """A frame for which tract waits and we do not, to pad a pool whose input is on time.

    Its answers are ours, a frame later.
    """
    times = timing(stream)
    pools = (node for node in stream.nodes if node.op.unwrapped.word == "max_pool")
    late = (times[pool.inputs[0]].delay // times[pool.inputs[0]].jump for pool in pools)  # in its frames
    return int(any(frames == 0 for frames in late))


@torch.no_grad()
def check(clip: Graph, tensors: Mapping[str, Tensor], path: Path) -> int:
    """Compares the two streams; gives the delay."""
    stream = emit(continual(clip)).eval()
    assert isinstance(stream, StreamNetwork)
    stream.load_state_dict(tensors)
    at = timing(stream.graph)[stream.graph.output]
    pulse = int(at.jump)  # the product of the strides
    delay, state = pulsed(clip, tensors, path, pulse)
    own = int(at.delay) // at.jump
    assert delay == own + tracts_own_wait(stream.graph)
    frames = (delay + CYCLES) * pulse
    shape = (1, int(clip.source.channels), frames, int(clip.source.height), int(clip.source.width))
    given = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    theirs = torch.cat(list(answers_of(state, given, pulse)), 2)
    found = [stream.forward_step(frame) for frame in given.unbind(2)]
    steps = [step for step, answer in enumerate(found) if answer is not None]
    # tract answers once a pulse: an answer of ours comes within the pulse that theirs ends.
    assert [step // pulse for step in steps] == list(range(own, delay + CYCLES))
    ours = torch.stack([answer for answer in found if answer is not None], 2)
    ours = ours[:, :, :CYCLES]
    expected = ours.reshape(theirs[:, :, delay:].shape)  # a map of one place is answered as a vector
    assert float((theirs[:, :, delay:] - expected).abs().max()) <= CLOSE * float(ours.abs().max())
    return int(at.delay)


@pytest.mark.peers("tract", "onnx")
@pytest.mark.parametrize("seed", range(2))
def test_tract_answers_at_the_same_step(seed: int, tmp_path: Path):
    body = random_body(seed)
    check(body, drawn(body, 0), tmp_path / "body.onnx")


@pytest.mark.slow
@pytest.mark.peers("tract", "onnx")
@pytest.mark.parametrize("seed", range(2, NETWORKS))
def test_tract_answers_at_the_same_step_in_two_hundred_networks(seed: int, tmp_path: Path):
    body = random_body(seed)
    check(body, drawn(body, 0), tmp_path / "body.onnx")


@pytest.mark.slow
@pytest.mark.peers("tract", "onnx")
def test_tract_answers_at_the_same_step_in_the_body_of_x3d_s(tmp_path: Path):
    clip = Network.of("x3d", "S-no-SE", {"crop": 32}).graph()
    pool = next(node for node in clip.nodes if clip.windows[node.name].whole_clip)
    body, tensors = without_strided_points(Output(pool.inputs[0])(clip))
    assert check(body, tensors, tmp_path / "body.onnx") == 28
