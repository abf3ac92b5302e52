"""How fast networks run, measured together in interleaved rounds  (Hedegaard 2022, appendix B)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.backends import Runner, available, backend_named, clip_runner
from costmodel.emit.build import emit
from costmodel.emit.carried import load_into
from costmodel.emit.fold import fold_norms
from costmodel.emit.network import ClipNetwork
from costmodel.emit.profile import profile_rows
from costmodel.emit.randomise import randomise
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import OptionError
from costmodel.graph import Graph

PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16}
MIB = 2**20
MODULE = "module"  # the mode of a module that is not ours
WARM_UP = 3
MOST_BATCH = 1024
MOST_PROFILED = 20  # runs: a mean of as many is even enough


@dataclass(frozen=True)
class Setting:
    """What all networks of a run are measured with.

    Args:
        device: such as `cpu` or `cuda`.
        threads: how many the processor uses.
        batch: clips, or streams, at once.
        precision: `fp32` or `fp16`.
        backends: by name; empty for all that can run here.
        runs: measured calls of each network.
        fold: whether steps run with batch norms folded; the clip network of `ratio` never does.
        seed: of weights and inputs.
    """

    device: str = "cpu"
    threads: int = 1
    batch: int = 1
    precision: str = "fp32"
    backends: tuple[str, ...] = ()
    runs: int = 100
    fold: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise OptionError(f"--precision: {self.precision!r}, expected {' or '.join(PRECISIONS)}")
        for name in ("threads", "batch", "runs"):
            if getattr(self, name) < 1:
                raise OptionError(f"--{name}: {getattr(self, name)}, expected 1 or more")
        for name in self.backends:
            backend_named(name)
        if self.torch_device.type == "cuda" and not torch.cuda.is_available():
            raise OptionError("--device: cuda, but this machine has none that PyTorch can use; expected cpu")

    @property
    def torch_device(self) -> torch.device:
        """The device as PyTorch names it."""
        try:
            return torch.device(self.device)
        except RuntimeError as error:
            raise OptionError(f"--device: {self.device!r}, expected cpu or cuda") from error

    @property
    def chosen(self) -> Sequence[str]:
        """The names of the backends that are measured."""
        return self.backends or available(self.torch_device)


class Theirs(NamedTuple):
    """Somebody's own module, which runs on each new frame's whole clip: its title, and a clip's sizes."""

    title: str
    module: nn.Module
    shape: Sequence[int]


class Benched(NamedTuple):
    """A network to measure: its title, its graph, and the file of its weights; else random values."""

    title: str
    graph: Graph
    weights: str | os.PathLike[str] | None = None
    chunks: Sequence[
        int
    ] = ()  # frames at a step that a stream is measured with; its own where none are given


@dataclass
class Subject:
    """One network on one backend, and the seconds of its calls, of each frame.

    A stream's call is a cycle of `frames`, or a `chunk` of them at a step.
    """

    spec: str
    mode: str
    backend: str
    call: Callable[[], object]
    resident_mib: float
    folded: bool = False
    frames: int = 1
    chunk: int = 1
    lookahead: int | None = None
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0


def bench_at(
    specs: Sequence[Benched], setting: Setting, say: Callable[[str], None], against: Theirs | None = None
) -> list[dict[str, object]]:
    """Measures networks in one run, a few calls of each in turn.

    Args:
        specs: what is measured; of a stream the clip network too.
        setting: what they are measured with.
        say: told of progress.
        against: the module that the networks were read from, which runs as it is, eagerly.

    Returns:
        A row for each network and backend.

    Raises:
        EmitError: a network or a backend cannot run here.
    """
    with _threads(setting.threads), torch.no_grad():
        subjects = [subject for each in specs for subject in _subjects(each, setting, say)]
        if against is not None:
            subjects.append(_their_subject(against, setting))
        for subject in subjects:
            say(f"warming up {subject.spec}, {subject.mode}, {subject.backend}")
            for _ in range(WARM_UP):
                subject.call()
            subject.peak_mib = subject.resident_mib + _peak_mib(subject.call, setting.torch_device)
        # Rounds over all subjects in turn: a machine that runs
        # slower for a while slows each of them, and the ratios stay.
        rounds = min(10, setting.runs)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for subject in subjects:
                # Shares of the runs that add up to all of them.
                count = setting.runs * (number + 1) // rounds - setting.runs * number // rounds
                subject.seconds += [_seconds(subject.call) / subject.frames for _ in range(count)]
    return [_row(subject, subjects, setting) for subject in subjects]


def profiled(
    specs: Sequence[Benched], setting: Setting, say: Callable[[str], None]
) -> list[dict[str, object]]:
    """The time of each kind of layer in the eager steps of streams, beside its bound."""
    rows: list[dict[str, object]] = []
    with _threads(setting.threads), torch.no_grad():
        for title, graph, weights, chunks in specs:
            stream = _network(graph, weights, setting)
            assert isinstance(stream, StreamNetwork)
            for chunk in chunks or (graph.chunk,):
                say(f"profiling {title}, {chunk} frame{'s' * (chunk > 1)} at a step")
                own = _in_chunks(stream, chunk)
                run = fold_norms(own) if setting.fold else own
                run.checks_values = False
                frames = _inputs(graph.clip or graph, setting)[:, :, :1].to(setting.torch_device)
                given = frames.expand(-1, -1, max(chunk, run.cycle), -1, -1).contiguous()
                rows += profile_rows(run, title, given, min(setting.runs, MOST_PROFILED))
    return rows


def measured_batch(
    specs: Sequence[Benched], setting: Setting, batch: str, say: Callable[[str], None]
) -> Setting:
    """The setting with a batch: a number, or for `max` the largest power of two that fits in memory for all.

    On a processor a batch fits where its eager call, as measured, takes at most half of the free memory.

    Raises:
        OptionError: neither a number nor `max`.
    """
    if batch != "max":
        if not batch.isdigit():
            raise OptionError(f"--batch: {batch!r}, expected a number or max")
        return replace(setting, batch=int(batch))
    largest = 1
    while largest < MOST_BATCH and _fits(specs, replace(setting, batch=2 * largest)):
        largest *= 2
    say(f"largest batch: {largest}")
    return replace(setting, batch=largest)


def _fits(specs: Sequence[Benched], setting: Setting) -> bool:
    device = setting.torch_device
    try:
        with _threads(setting.threads), torch.no_grad():
            for each in specs:
                trial = replace(setting, backends=("eager",))
                for subject in _subjects(each, trial, lambda _: None):
                    peak = subject.resident_mib + _peak_mib(subject.call, device)
                    if device.type == "cpu" and 2 * peak > _free_mib():
                        return False
    except torch.OutOfMemoryError:
        return False
    return True


def _free_mib() -> float:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / MIB


def _subjects(spec: Benched, setting: Setting, say: Callable[[str], None]) -> Iterator[Subject]:
    title, graph, weights, chunks = spec
    clip_graph = graph.clip or graph
    clip = _network(clip_graph, weights, setting)
    assert isinstance(clip, ClipNetwork)
    inputs = _inputs(clip_graph, setting)
    # As fast as `exported`, and as long to prepare: with several lengths of chunks minutes each.
    skips = () if setting.backends or not chunks else ("compiled",)
    chosen = [name for name in setting.chosen if name not in skips]
    backends = list(chosen)
    # Those that write code need one shape for all clips: measured where asked for, which says why not.
    if not setting.backends and any(node.op.is_adaptive for node in clip_graph.nodes):
        say(f"{title}: eager alone, as its clips have {_active_bins(clip, inputs)} active bins, each its own")
        backends = ["eager"]
    # `ratio` is over the clip network as PyTorch runs it, whatever backends the steps are measured on.
    if graph.is_stream and "eager" not in backends:
        backends.insert(0, "eager")
    for backend in backends:
        for fold in (False, True) if graph.is_stream and setting.fold else (False,):
            # Unfolded it is wanted once, for `ratio`; folded on each backend, for `ratio_same_backend`.
            if fold or backend == "eager" or not (graph.is_stream and setting.fold):
                say(f"preparing {title}, clip, {backend}{_wait(backend)}")
                yield _clip_subject(title, fold_norms(clip) if fold else clip, backend, inputs, setting, fold)
    if not graph.is_stream:
        return
    stream = _network(graph, weights, setting)
    assert isinstance(stream, StreamNetwork)
    stream.load_state_dict(clip.state_dict())
    for backend in chosen:
        for chunk in chunks or (graph.chunk,):
            steps = f"{chunk} frame{'s' * (chunk > 1)} at a step"
            say(f"preparing {title}, continual, {backend}, {steps}{_wait(backend)}")
            own = _in_chunks(stream, chunk)
            run = fold_norms(own) if setting.fold else own
            yield _step_subject(title, run, backend, inputs[:, :, :1], setting)


def _wait(backend: str) -> str:
    return "; a C++ compiler takes a minute or more" if backend in ("compiled", "exported") else ""


def _in_chunks(stream: StreamNetwork, chunk: int) -> StreamNetwork:
    """The same stream with so many frames at a step."""
    if chunk == stream.graph.chunk:
        return stream
    answers = stream.graph.answers if chunk > 1 else "all"
    other = copy(stream)
    other.graph = replace(stream.graph, chunk=chunk, answers=answers)
    return other


def _active_bins(network: ClipNetwork, clips: Tensor) -> str:
    """The mean of active bins of clips, behind each sampler."""
    with network.active_bins() as found:
        network(clips.to(network._like(clips).device))
    return " and ".join(f"{sum(each) / len(each):.2f}" for each in found.values())


def _network(
    graph: Graph, weights: str | os.PathLike[str] | None, setting: Setting
) -> ClipNetwork | StreamNetwork:
    network = emit(graph)
    randomise(network, setting.seed)
    if weights is not None:
        load_into(network, weights)
    # Looking for NaN makes a GPU's caller wait, and is no part of the network.
    network.checks_values = False
    return network.to(setting.torch_device, PRECISIONS[setting.precision]).eval()


def _inputs(graph: Graph, setting: Setting) -> Tensor:
    shape = (setting.batch, *map(int, graph.source))
    # On the processor and in 32 bits: the same values for every device and precision.
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(setting.seed))
    return drawn.to(PRECISIONS[setting.precision])


def _clip_subject(
    title: str, network: ClipNetwork, backend: str, clip: Tensor, setting: Setting, folded: bool
) -> Subject:
    network.checks_values = False
    device = setting.torch_device
    # The way to the device and back is part of a call, as in
    # the paper's appendix B; `cpu()` waits for the answer too.
    run = clip_runner(network, backend, clip.to(device))
    return Subject(
        title, "clip", backend, lambda: run(clip.to(device)).cpu(), _held(network.state_dict()), folded
    )


def _their_subject(theirs: Theirs, setting: Setting) -> Subject:
    device, dtype = setting.torch_device, PRECISIONS[setting.precision]
    module = theirs.module.to(device, dtype).eval()
    shape = (setting.batch, *theirs.shape[1:])
    clip = torch.randn(shape, generator=torch.Generator().manual_seed(setting.seed)).to(dtype)

    def call() -> None:
        found = module(clip.to(device))
        for each in tree_leaves(found):
            if isinstance(each, Tensor):
                each.cpu()

    return Subject(theirs.title, MODULE, "eager", call, _held(module.state_dict()))


def _step_subject(
    title: str, network: StreamNetwork, backend: str, frame: Tensor, setting: Setting
) -> Subject:
    network.checks_values = False
    device, runner = setting.torch_device, Runner(network, backend)
    chunk = network.graph.chunk
    steps, frames = (1, chunk) if chunk > 1 else (network.cycle, network.cycle)
    given = frame.expand(-1, -1, chunk, -1, -1).contiguous()

    def one_cycle() -> None:
        """A whole cycle: with a temporal stride not every step costs alike; chunks are whole cycles."""
        for _ in range(steps):
            outputs, _ = runner.forward_steps(given.to(device))
            if outputs is not None:
                outputs.cpu()

    # Steps run eagerly until the stream has settled, then each phase is prepared: neither is measured.
    for _ in range(network.program.settled // frames + 2):
        one_cycle()
    held = _held(network.state_dict()) + sum(map(_mib, runner.get_state().tensors))
    lookahead = int(evaluate(Figures(network.graph), "lookahead"))
    return Subject(title, "continual", backend, one_cycle, held, setting.fold, frames, chunk, lookahead)


def _row(subject: Subject, subjects: Sequence[Subject], setting: Setting) -> dict[str, object]:
    times = sorted(subject.seconds)
    # `quantiles` refuses a single value.
    centiles = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    row: dict[str, object] = {
        "spec": subject.spec,
        "mode": subject.mode,
        "backend": subject.backend,
        "folded": subject.folded,
        "device": setting.device,
        "threads": setting.threads,
        "batch": setting.batch,
        "precision": setting.precision,
        "runs": len(times),
        "chunk": subject.chunk,
        "lookahead": subject.lookahead,
        "ms_per_frame": median(times) * 1000,
        # of one call, which is a chunk
        "mean_ms": fmean(times) * 1000 * subject.chunk,
        "median_ms": median(times) * 1000 * subject.chunk,
        "p95_ms": centiles[94] * 1000 * subject.chunk,
        "p99_ms": centiles[98] * 1000 * subject.chunk,
        "per_second": setting.batch / fmean(times),
        "peak_mib": subject.peak_mib,
    }
    if subject.mode != "continual":
        return row
    own = median(times)
    clips = [each for each in subjects if each.spec == subject.spec and each.mode == "clip"]
    eager = next(each for each in clips if each.backend == "eager" and not each.folded)
    same = [each for each in clips if each.backend == subject.backend and each.folded == subject.folded]
    row["ratio"] = median(eager.seconds) / own
    row["ratio_same_backend"] = median(same[0].seconds) / own if same else None
    modules = [each for each in subjects if each.mode == MODULE]
    if modules:
        row["ratio_module"] = median(modules[0].seconds) / own
    return row


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _peak_mib(call: Callable[[], object], device: torch.device) -> float:
    """The most that a call holds at once beyond what is held before it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return (torch.cuda.max_memory_allocated(device) - before) / MIB
    # A processor's allocator keeps no peak; the profiler tells of every block that it gives and takes back.
    from torch.profiler import ProfilerActivity, profile

    with _silence(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    assert profiler.profiler is not None
    assert profiler.profiler.kineto_results is not None
    events = [each for each in profiler.profiler.kineto_results.events() if each.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda each: each.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / MIB


def _held(tensors: dict[str, Tensor]) -> float:
    return sum(map(_mib, tensors.values()))


def _mib(tensor: Tensor) -> float:
    return tensor.numel() * tensor.element_size() / MIB


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps what native code writes to standard error, such as the profiler's log, off the screen."""
    sys.stderr.flush()
    screen = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
