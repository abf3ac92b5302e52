"""Which backend is the fastest here, measured on the network itself ahead of its first frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import torch

from costmodel.emit.backends import Runner, available, backend_named
from costmodel.emit.stream import StreamNetwork
from costmodel.errors import CostModelError, EmitError

LEAST_STEPS, LEAST_SECONDS = 20, 0.5


@dataclass(frozen=True)
class Prepared:
    """A network on a backend, its steps prepared and timed.

    Args:
        backend: its name.
        runner: which is to be given a new state.
        per_second: frames of all streams together.
    """

    backend: str
    runner: Runner
    per_second: float


def fastest(
    network: StreamNetwork,
    batch: int,
    device: torch.device,
    backends: Sequence[str] = (),
    say: Callable[[str], None] = lambda text: None,
) -> Prepared:
    """The fastest of the backends, or of all that can run here.

    Raises:
        OptionError: there is no such backend.
        EmitError: none of them can run the network.
    """
    for name in backends:
        backend_named(name)
    found: list[Prepared] = []
    troubles: list[str] = []
    for name in backends or available(device):
        try:
            found.append(prepared(network, name, batch, device))
            say(f"backend {name}: {found[-1].per_second:.1f} frames a second")
        # what a compiler cannot do, another backend can
        except (CostModelError, RuntimeError) as error:
            troubles.append(f"{name}: {str(error).splitlines()[0][:200]}")
            say(f"backend {troubles[-1]}")
    if not found:
        raise EmitError(f"no backend runs the network: {'; '.join(troubles)}")
    return max(found, key=lambda each: each.per_second)


def prepared(network: StreamNetwork, backend: str, batch: int, device: torch.device) -> Prepared:
    """A network on a backend, settled, so that its first real frame waits for no compiler.

    Raises:
        CostModelError: the backend cannot run it.
    """
    runner = Runner(network, backend)
    source = network.graph.source
    frames = max(network.cycle, network.graph.chunk)
    clip = torch.zeros((batch, int(source.channels), frames, int(source.height), int(source.width)))

    def one_cycle() -> None:
        outputs, _ = runner.forward_steps(clip.to(device))
        if outputs is not None:
            outputs.cpu()

    for _ in range(network.program.settled // frames + 3):
        one_cycle()
    seconds: list[float] = []
    while len(seconds) * frames < LEAST_STEPS or sum(seconds) < LEAST_SECONDS:
        start = perf_counter()
        one_cycle()
        seconds.append(perf_counter() - start)
    runner.reset()
    return Prepared(backend, runner, batch * frames / median(seconds))
