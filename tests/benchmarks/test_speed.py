"""The repository's benchmark: emitted steps beside emitted clip networks and, where installed, other tools.

`pytest -m slow tests/benchmarks -s` prints the figures; it asserts that all of them are there, never a time.
"""

import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from statistics import median

import pytest
import torch

from costmodel import continual, load
from costmodel.emit.backends import Runner, available
from costmodel.emit.bench import Benched, Setting, bench_at
from costmodel.numbers import round_to

RUNS = 20
VARIANTS = ("S", "M", "L")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_steps_beside_their_clip_networks(capsys):
    specs = [
        Benched(f"x3d_{variant.lower()}", continual(load("x3d", variant=variant))) for variant in VARIANTS
    ]
    backends = tuple(
        name for name in ("eager", "compiled", "exported") if name in available(torch.device("cpu"))
    )
    rows = bench_at(specs, Setting(backends=backends, runs=RUNS), lambda _: None)
    steps = [row for row in rows if row["mode"] == "continual"]
    assert len(steps) == len(VARIANTS) * len(backends)
    with capsys.disabled():
        for row in steps:
            print(
                f"\n{row['spec']} {row['backend']}: {row['median_ms']:.1f} ms, ratio {row['ratio']:.1f}",
                end="",
            )


@pytest.mark.slow
@pytest.mark.peers("pytorchvideo", "continual")
@pytest.mark.filterwarnings("ignore")
def test_emitted_networks_beside_other_tools(capsys):
    calls = {**_own_calls(), **_peer_calls()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    with torch.no_grad():
        for _ in range(RUNS):
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - start)
    assert all(len(times) == RUNS for times in seconds.values())
    with capsys.disabled():
        for name, times in seconds.items():
            print(f"\n{name}: {median(times) * 1000:.1f} ms", end="")


def _own_calls() -> dict[str, Callable[[], object]]:
    from costmodel.emit import emit, fold_norms
    from costmodel.emit.bench.setting import Setting
    from costmodel.emit.bench.subjects import network_of

    torch.set_num_threads(1)
    graph = load("x3d", variant="M")
    clip, stream = network_of(graph, None, Setting()), emit(continual(graph)).eval()
    stream.load_state_dict(clip.state_dict())
    folded, frame = fold_norms(stream), torch.randn(1, 3, 224, 224)
    frames = torch.randn(1, 3, 16, 224, 224)
    calls: dict[str, Callable[[], object]] = {"emitted clip": lambda: clip(frames)}
    for backend in available(torch.device("cpu")):
        runner = Runner(folded, backend)
        for _ in range(folded.program.settled + 1):
            runner.forward_step(frame)
        calls[f"emitted step, {backend}"] = partial(runner.forward_step, frame)
    return calls


def _peer_calls() -> dict[str, Callable[[], object]]:
    assert find_spec("pytorchvideo")
    from pytorchvideo.models.x3d import create_x3d

    network = create_x3d(input_clip_length=16, input_crop_size=224, model_num_class=400).eval()
    frames = torch.randn(1, 3, 16, 224, 224)
    step, frame = _continual_inference_step(), torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for _ in range(80):
            step(frame)
    return {"pytorchvideo clip": lambda: network(frames), "continual-inference step": lambda: step(frame)}


def _continual_inference_step() -> Callable[[torch.Tensor], object]:
    """CoX3D-M built from continual-inference's modules, layer by layer from our graph."""
    import continual as co
    from torch import nn

    def block(width: int, out: int, inner: int, stride: int, project: bool, excite: bool) -> nn.Module:
        squeeze = round_to(Fraction(inner, 16))
        gate = co.BroadcastReduce(
            co.Delay(0, auto_shrink=False),
            co.Sequential(
                co.AdaptiveAvgPool3d((1, 1, 1), kernel_size=1),
                co.Conv3d(inner, squeeze, 1),
                nn.ReLU(),
                co.Conv3d(squeeze, inner, 1),
                nn.Sigmoid(),
            ),
            reduce="mul",
            auto_delay=False,
        )
        main = co.Sequential(
            co.Conv3d(width, inner, 1, bias=False),
            nn.BatchNorm3d(inner),
            nn.ReLU(),
            co.Conv3d(inner, inner, 3, (1, stride, stride), (1, 1, 1), groups=inner, bias=False),
            nn.BatchNorm3d(inner),
            *([gate] if excite else []),
            nn.SiLU(),
            co.Conv3d(inner, out, 1, bias=False),
            nn.BatchNorm3d(out),
        )
        if not project:
            return co.Sequential(co.Residual(main), nn.ReLU())
        shortcut = co.Sequential(
            co.Conv3d(width, out, 1, (1, stride, stride), bias=False), nn.BatchNorm3d(out)
        )
        return co.Sequential(co.BroadcastReduce(shortcut, main, reduce="sum"), nn.ReLU())

    layers: list[nn.Module] = [
        co.Conv3d(3, 24, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False),
        co.Conv3d(24, 24, (5, 1, 1), 1, (2, 0, 0), groups=24, bias=False),
        nn.BatchNorm3d(24),
        nn.ReLU(),
    ]
    width = 24
    for out, depth in ((24, 3), (48, 5), (96, 11), (192, 7)):
        for number in range(depth):
            first = number == 0
            layers.append(block(width, out, int(out * 2.25), 2 if first else 1, first, number % 2 == 0))
            width = out
    head = [
        co.Conv3d(192, 432, 1, bias=False),
        nn.BatchNorm3d(432),
        nn.ReLU(),
        co.AdaptiveAvgPool3d((1, 1, 1), kernel_size=16),
        co.Conv3d(432, 2048, 1, bias=False),
        nn.ReLU(),
        co.Conv3d(2048, 400, 1),
    ]
    network = co.Sequential(*layers, *head).eval()
    return network.forward_step  # type: ignore[no-any-return]
