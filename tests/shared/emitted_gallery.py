"""The networks of the gallery in every form that `emit` writes, at small sizes.

`python -m tests.shared.emitted_gallery --log FILE.jsonl [FORM]... [--only TEXT]` checks each against the
module, writes a line for each to the log and prints the table of docs/emit.md. It may be stopped: what the
log has is not run again, unless it failed. `--shown` prints the table of a log alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import torch
from torch import Tensor

from costmodel import Graph
from costmodel.emit import StreamNetwork, emit
from costmodel.errors import ShapeError, SpecError
from costmodel.network import Network
from costmodel.validation.running import drawn
from reports.gallery import Entry, entries
from reports.tables import markdown
from tests.shared.forms import (
    Answers,
    Running,
    as_onnx,
    as_onnx_of_rank_4,
    as_source,
    as_tflite,
    as_torch_export,
    assert_alike,
    module_answers,
)
from tests.shared.structures import kinds_of, structure_of


def as_onnx_by_default(network: Running, clip: Tensor, folder: Path) -> Answers:
    """A stream as `emit` writes it, of rank 4; a clip has time as an axis."""
    write = as_onnx_of_rank_4 if isinstance(network, StreamNetwork) else as_onnx
    return write(network, clip, folder)


FORMS: Mapping[str, Callable[[Running, Tensor, Path], Answers]] = {
    "source": as_source,
    "torch-export": as_torch_export,
    "onnx": as_onnx_by_default,
    "onnx-rank-5": as_onnx,
    "tflite": as_tflite,
}
FOR_STREAMS = ("onnx-rank-5", "tflite")  # of a clip, ONNX is of rank 5
CLIP_ALONE = ("8x8-R101-NL", "16x8-R101-NL")  # they attend to the whole clip
KINDS = ("clip", "stream")
Case = tuple[Entry, str, str]  # a network, its kind and its form
Key = tuple[str, str, str]
ROUNDING = 1e-14  # of a value in float64: what sums of many differ by in another order
CROPS = (32, 64, 112)  # the smallest that a network takes


def small(entry: Entry, kind: str) -> Graph:
    """A network of the gallery on small frames.

    Raises:
        TransformError: it cannot run frame by frame.
    """
    for crop in CROPS:
        network = Network.of(entry.spec, entry.variant, {**entry.sets, "crop": crop})
        try:
            clip = network.graph()
        except (ShapeError, SpecError):
            continue
        return clip if kind == "clip" else network.continual().graph()
    raise AssertionError(entry.command)


def running(graph: Graph) -> tuple[Running, Tensor]:
    """The module of a graph with random weights, and a clip that reaches past its first answers.

    Norms have the statistics of what they see, as trained ones have. Drawn without regard to it, they let
    MoViNet-A5's stream enlarge a change of its input 10 billion times, which no comparison outlives.
    """
    network = emit(graph).eval()
    network.load_state_dict(drawn(graph, 3))
    source, frames = graph.source, int(graph.source.time)
    if isinstance(network, StreamNetwork):
        cycles = -(-(network.program.delay + 1) // network.cycle) + 2
        frames = cycles * network.cycle
    shape = (1, int(source.channels), frames, int(source.height), int(source.width))
    return network, torch.randn(shape, generator=torch.Generator().manual_seed(5))


@dataclass(frozen=True)
class Prepared:
    """A network with what it answers to a clip, in 32 and in 64 bits: the same for all its forms."""

    network: Running
    clip: Tensor
    single: Answers
    in_double: Running
    double: Answers

    @property
    def tolerance(self) -> float:
        """A long recurrence of random weights makes more of float32's rounding than other networks do."""
        pairs = zip(self.single, self.double, strict=True)
        return max(1e-4, 4 * max(_gap(one, two) for one, two in pairs if one is not None))

    @cached_property
    def tolerance_in_double(self) -> float:
        """How far a change of the clip by rounding moves answers; MoViNet-A2 enlarges it 400,000 times."""
        noise = torch.randn(self.clip.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
        moved = module_answers(self.in_double, self.clip.double() * (1 + ROUNDING * noise))
        pairs = zip(moved, self.double, strict=True)
        return max([1e-9, *(_gap(one, two) for one, two in pairs if one is not None)])


def prepared(entry: Entry, kind: str) -> Prepared:
    """A network of the gallery on small frames, ready to be compared."""
    return _prepared(entry.spec, entry.variant, tuple(entry.sets.items()), kind)


@lru_cache(maxsize=1)  # all forms of a network are checked one after the other
def _prepared(spec: str, variant: str | None, sets: tuple[tuple[str, object], ...], kind: str) -> Prepared:
    network, clip = running(small(Entry(spec, variant, dict(sets)), kind))
    single = module_answers(network, clip)
    in_double = deepcopy(network).double()
    return Prepared(network, clip, single, in_double, module_answers(in_double, clip.double()))


def check(entry: Entry, kind: str, form: str, folder: Path) -> None:
    """Raises AssertionError where a form of a network does not answer as its module does."""
    of = prepared(entry, kind)
    if form == "source":
        assert_alike(as_source(of.in_double, of.clip.double(), folder), of.double, of.tolerance_in_double)
        return
    with torch.no_grad():
        found = FORMS[form](of.network, of.clip, folder)
    assert_alike(found, of.single, of.tolerance)


def _gap(found: Tensor | None, exact: Tensor | None) -> float:
    """The largest difference as a share of the largest value."""
    assert found is not None
    assert exact is not None
    return float((found - exact).abs().max() / exact.abs().max())


def cases(entry: Entry) -> Iterator[Case]:
    """The kinds and forms that a network has."""
    for kind in KINDS:
        if kind == "stream" and entry.variant in CLIP_ALONE:
            continue
        yield from ((entry, kind, form) for form in FORMS if kind == "stream" or form not in FOR_STREAMS)


def in_order() -> list[Entry]:
    """Networks of other kinds of layers first, then those put together otherwise; smaller ones ahead."""
    graphs = sorted(
        ((small(entry, "clip"), entry) for entry in entries()), key=lambda pair: len(pair[0].nodes)
    )
    seen = set[Hashable]()

    def likeness(graph: Graph) -> int:
        known = [key in seen for key in (kinds_of(graph), structure_of(graph))]
        seen.update((kinds_of(graph), structure_of(graph)))
        return sum(known)

    ranked = [(likeness(graph), entry) for graph, entry in graphs]
    return [entry for rank in range(3) for found, entry in ranked if found == rank]


def outcome(case: Case) -> dict[str, object]:
    """What is said of a case in the log: nothing where it holds, else why it does not; and what it took."""
    entry, kind, form = case
    began, said = (time.perf_counter(), time.process_time()), ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(entry, kind, form, Path(folder))
        except Exception as error:
            said = f"{type(error).__name__}: {str(error) or 'other answers'}"
    seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    line = {"network": entry.command, "kind": kind, "form": form, "outcome": said}
    return line | {"seconds": round(seconds, 1), "processor_seconds": round(processor, 1)}


def run(chosen: Iterable[Case], log: Path, work: Callable[[Case], Mapping[str, object]] = outcome) -> None:
    """Adds a line to the log for each case; a process of its own does the work, as exporters keep memory."""
    left = list(chosen)
    while left:
        # Torch's threads do not outlive a fork.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, context, torch.set_num_threads, (1,), max_tasks_per_child=40) as pool:
            try:
                while left:
                    _add(log, pool.submit(work, left[0]).result())
                    del left[0]
            except BrokenProcessPool:
                entry, kind, form = left.pop(0)
                told = {"network": entry.command, "kind": kind, "form": form}
                _add(log, told | {"outcome": "the process was ended"})


def _add(log: Path, line: Mapping[str, object]) -> None:
    with log.open("a") as file:
        file.write(json.dumps(line) + "\n")


def logged(log: Path) -> dict[Key, str]:
    """The last outcome of each case in a log."""
    lines = map(json.loads, log.read_text().splitlines()) if log.exists() else ()
    return {(line["network"], line["kind"], line["form"]): line["outcome"] for line in lines}


def table(found: Mapping[Key, str]) -> str:
    """How many networks hold for each form, of those seen and of all, and why the others do not."""
    every = [key_of(case) for entry in entries() for case in cases(entry)]
    rows = []
    for form in FORMS:
        row: dict[str, object] = {"form": form}
        for kind in KINDS:
            keys = [key for key in every if key[1:] == (kind, form)]
            seen = [found[key] for key in keys if key in found]
            row[kind] = f"{seen.count('')} of {len(seen)} seen of {len(keys)}" if keys else "-"
        rows.append(row)
    reasons = [f"- {', '.join(key)}: {found[key]}" for key in every if found.get(key)]
    return "\n".join([markdown(rows, ("form", *KINDS)), *reasons, ""])


def key_of(case: Case) -> Key:
    """What a case is called in a log."""
    entry, kind, form = case
    return entry.command, kind, form


def main() -> None:
    """Checks what the log does not have, and prints its table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("forms", nargs="*", default=list(FORMS))
    parser.add_argument("--only", default="")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--shown", action="store_true")
    given = parser.parse_args()
    if not given.shown:
        done = logged(given.log)
        chosen = [case for entry in in_order() if given.only in entry.command for case in cases(entry)]
        run((case for case in chosen if case[2] in given.forms and done.get(key_of(case)) != ""), given.log)
    sys.stdout.write(table(logged(given.log)))


if __name__ == "__main__":
    main()
