"""Networks on backends, prepared to be called again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from costmodel.analysis.figures import Figures
from costmodel.analysis.metrics import evaluate
from costmodel.emit.backends import Runner, clip_runner
from costmodel.emit.bench.peak import held, mib
from costmodel.emit.bench.setting import PRECISIONS, Benched, Setting, Theirs
from costmodel.emit.build import emit
from costmodel.emit.carried import load_into
from costmodel.emit.fold import fold_norms
from costmodel.emit.half import with_products_in
from costmodel.emit.network import ClipNetwork, Network
from costmodel.emit.randomise import randomise
from costmodel.emit.settle import settle_norms
from costmodel.emit.stream import StreamNetwork
from costmodel.graph import Graph

Runs = TypeVar("Runs", bound=Network)
MODULE = "module"  # the mode of a module that is not ours


@dataclass
class Subject:
    """One network on one backend, and the seconds of its calls, of each frame.

    A stream's call is a cycle of `frames`, or a `chunk` of them at a step. `error` is that of its answers
    beside those of the same network in fp32, over the largest of these, where products run in another type.
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
    error: float | None = None
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0


def subjects_of(spec: Benched, setting: Setting, say: Callable[[str], None]) -> Iterator[Subject]:
    """A network on each backend: of a stream its clip network too, and its steps in each length of chunks."""
    title, graph, weights, chunks = spec
    clip_graph = graph.clip or graph
    clip = network_of(clip_graph, weights, setting)
    assert isinstance(clip, ClipNetwork)
    inputs = inputs_of(clip_graph, setting)
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
    stream = _made_ready(emit(graph), setting)
    assert isinstance(stream, StreamNetwork)
    stream.load_state_dict(clip.state_dict())
    for backend in chosen:
        for chunk in chunks or (graph.chunk,):
            steps = f"{chunk} frame{'s' * (chunk > 1)} at a step"
            say(f"preparing {title}, continual, {backend}, {steps}{_wait(backend)}")
            own = in_chunks(stream, chunk)
            run = fold_norms(own) if setting.fold else own
            yield _step_subject(title, run, backend, inputs[:, :, :1], setting)


def _wait(backend: str) -> str:
    return "; a C++ compiler takes a minute or more" if backend in ("compiled", "exported") else ""


def in_chunks(stream: StreamNetwork, chunk: int) -> StreamNetwork:
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


def network_of(
    graph: Graph, weights: str | os.PathLike[str] | None, setting: Setting
) -> ClipNetwork | StreamNetwork:
    """What runs a graph, with weights from a file or random ones, as the setting has it."""
    network = emit(graph).eval()
    if weights is not None:
        load_into(network, weights)
    else:
        # Random ones with norms as training leaves them: how deep a layer stands is not to slow it down.
        clip = network if isinstance(network, ClipNetwork) else emit(graph.clip or graph).eval()
        assert isinstance(clip, ClipNetwork)
        randomise(clip, setting.seed)
        settle_norms(clip, _drawn(clip.graph, 1, setting.seed))
        network.load_state_dict(clip.state_dict())
    return _made_ready(network, setting)


def _made_ready(network: Runs, setting: Setting) -> Runs:
    # Looking for NaN makes a GPU's caller wait, and is no part of the network.
    network.checks_values = False
    return network.to(setting.torch_device, PRECISIONS[setting.precision]).eval()


def inputs_of(graph: Graph, setting: Setting) -> Tensor:
    """Random clips (batch, channels, time, height, width), on the processor."""
    return _drawn(graph, setting.batch, setting.seed).to(PRECISIONS[setting.precision])


def _drawn(graph: Graph, clips: int, seed: int) -> Tensor:
    """On the processor and in 32 bits: the same values for every device and precision."""
    shape = (clips, *map(int, graph.source))
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _clip_subject(
    title: str, network: ClipNetwork, backend: str, clip: Tensor, setting: Setting, folded: bool
) -> Subject:
    network.checks_values = False
    device, exact = setting.torch_device, network
    if setting.product_dtype is not None:
        network = with_products_in(network, setting.product_dtype)
    # The way to the device and back is part of a call, as in
    # the paper's appendix B; `cpu()` waits for the answer too.
    run = clip_runner(network, backend, clip.to(device))
    resident = held(network.state_dict())
    subject = Subject(title, "clip", backend, lambda: run(clip.to(device)).cpu(), resident, folded)
    if network is not exact:
        subject.error = _error(run(clip.to(device)), exact(clip.to(device)))
    return subject


def their_subject(theirs: Theirs, setting: Setting) -> Subject:
    """Somebody's own module, eagerly."""
    device, dtype = setting.torch_device, PRECISIONS[setting.precision]
    module = theirs.module.to(device, dtype).eval()
    shape = (setting.batch, *theirs.shape[1:])
    clip = torch.randn(shape, generator=torch.Generator().manual_seed(setting.seed)).to(dtype)

    def call() -> None:
        found = module(clip.to(device))
        for each in tree_leaves(found):
            if isinstance(each, Tensor):
                each.cpu()

    return Subject(theirs.title, MODULE, "eager", call, held(module.state_dict()))


def _step_subject(
    title: str, network: StreamNetwork, backend: str, frame: Tensor, setting: Setting
) -> Subject:
    network.checks_values = False
    exact = network
    if setting.product_dtype is not None:
        network = with_products_in(network, setting.product_dtype)
    device, runner = setting.torch_device, Runner(network, backend)
    chunk = network.graph.chunk
    steps, frames = (1, chunk) if chunk > 1 else (network.cycle, network.cycle)
    given = frame.expand(-1, -1, chunk, -1, -1).contiguous()

    def one_cycle() -> Tensor | None:
        """A whole cycle: with a temporal stride not every step costs alike; chunks are whole cycles."""
        for _ in range(steps):
            outputs, _ = runner.forward_steps(given.to(device))
            if outputs is not None:
                outputs = outputs.cpu()
        return outputs

    # Steps run eagerly until the stream has settled, then each phase is prepared: neither is measured.
    cycles = network.program.settled // frames + 2
    for _ in range(cycles):
        answers = one_cycle()
    resident = held(network.state_dict()) + sum(map(mib, runner.get_state().tensors))
    lookahead = int(evaluate(Figures(network.graph), "lookahead"))
    subject = Subject(
        title, "continual", backend, one_cycle, resident, setting.fold, frames, chunk, lookahead
    )
    if network is not exact:
        # The same frames, in fp32.
        for _ in range(cycles * steps):
            expected, _ = exact.forward_steps(given.to(device))
        subject.error = _error(answers, expected)
    return subject


def _error(answers: Tensor | None, expected: Tensor) -> float | None:
    """The largest error of answers over the largest that was expected; None of no answers."""
    if answers is None or not expected.numel():
        return None
    expected = expected[:, :, -answers.shape[2] :] if answers.dim() > 2 else expected
    return float((answers.cpu() - expected.cpu()).abs().max() / expected.abs().max())
