"""`analyze` as a whole process beside FlopCounterMode on the meta device: `-m slow -s` prints the ratios."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RUNS = 7

# As installed: pip compiles what it installs, and so it does the peers
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ANALYZE = [sys.executable, "cli.py", "analyze", "specs/x3d_m.yaml", "--continual"]
# The least that FlopCounterMode needs to count X3D-M: torch, and the network on the meta device
COUNT = """
import torch
from torch.utils.flop_counter import FlopCounterMode
{build}
with torch.no_grad(), FlopCounterMode(display=False) as counter:
    model(torch.empty(1, 3, 16, 224, 224, device="meta"))
assert counter.get_total_flops() == 2 * 4732468736, counter.get_total_flops()
"""
OURS = """
import costmodel
from costmodel.emit import emit
with torch.device("meta"):
    model = emit(costmodel.load("x3d_m")).eval()
model.checks_values = False
"""
PYTORCHVIDEO = """
import sys, types, warnings
warnings.simplefilter("ignore")
ops = types.ModuleType("torchvision.ops")
ops.RoIAlign = type("RoIAlign", (torch.nn.Module,), {})
vision = types.ModuleType("torchvision")
vision.ops = ops
sys.modules.update({"torchvision": vision, "torchvision.ops": ops})
from pytorchvideo.models.x3d import create_x3d
with torch.device("meta"):
    model = create_x3d(input_clip_length=16, input_crop_size=224).eval()
"""


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    cpu_seconds: float
    mib: float


def cost(command: list[str]) -> Cost:
    """A process from start to end: wall time, processor time and the most memory it held."""
    report = (
        "import resource; used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    run = f"import subprocess, sys; subprocess.run({command!r}, check=True, stdout=subprocess.DEVNULL, "
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{run}stderr=subprocess.DEVNULL); {report}"],
        cwd=ROOT,
        env=COMPILED,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - start
    cpu_seconds, kib = done.stdout.split()
    return Cost(seconds, float(cpu_seconds), int(kib) / 1024)


def compare(build: str) -> dict[str, float]:
    """Medians of both, one after the other in turn, and their ratios."""
    count = [sys.executable, "-c", COUNT.format(build=build)]
    cost(ANALYZE), cost(count)  # which compiles what is not compiled yet
    pairs = [(cost(ANALYZE), cost(count)) for _ in range(RUNS)]
    ours, theirs = (
        [statistics.median(column) for column in zip(*each, strict=True)] for each in zip(*pairs, strict=True)
    )
    times = {
        f"times_{name}": statistics.median(getattr(b, name) / getattr(a, name) for a, b in pairs)
        for name in Cost._fields
    }
    return {
        **{f"analyze_{name}": value for name, value in zip(Cost._fields, ours, strict=True)},
        **{f"counter_{name}": value for name, value in zip(Cost._fields, theirs, strict=True)},
        **times,
    }


def show(title: str, found: dict[str, float]) -> None:
    print(f"\n{title}: " + ", ".join(f"{name} {value:.3g}" for name, value in found.items()))


@pytest.mark.slow
def test_analyze_beside_flop_counter_mode_on_our_network():
    found = compare(OURS)
    show("FlopCounterMode on the emitted X3D-M", found)
    assert found["times_cpu_seconds"] > 20  # wall time says more of what else the machine does
    assert found["analyze_mib"] < 22


@pytest.mark.slow
@pytest.mark.peers("pytorchvideo")
def test_analyze_beside_flop_counter_mode_on_pytorchvideo():
    found = compare(PYTORCHVIDEO)
    show("FlopCounterMode on pytorchvideo's X3D-M", found)
    assert min(found.values()) > 0


@pytest.mark.slow
def test_the_figures_of_a_stream_come_in_milliseconds():
    import costmodel
    from costmodel.spec import document, elaborate

    spec = document("x3d_m")
    graph = elaborate(spec)
    stream = costmodel.continual(graph)
    steps = {
        "read": lambda: document("x3d_m"),
        "elaborate": lambda: elaborate(spec),
        "continual": lambda: costmodel.continual(graph),
        "analyze": lambda: costmodel.analyze(stream),
    }
    times = {}
    for name, step in steps.items():
        started = []
        for _ in range(20):
            start = time.perf_counter()
            step()
            started.append(1000 * (time.perf_counter() - start))
        times[f"{name}_ms"] = statistics.median(started)
    show("X3D-M frame by frame", times)
    assert len(times) == 4
