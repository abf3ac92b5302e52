"""The networks of the gallery in every form that `emit` writes, at small sizes.

`python -m tests.shared.emitted_gallery [source|torch-export|onnx|onnx-rank-5|tflite]... [--only TEXT]` checks
each against the module and prints the table of docs/emit.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from costmodel import Graph
from costmodel.emit import StreamNetwork, emit
from costmodel.errors import CostModelError, ShapeError, SpecError
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
FOR_STREAMS = ("tflite",)
KINDS = ("clip", "stream")
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


def check(entry: Entry, kind: str, form: str, folder: Path) -> None:
    """Raises AssertionError where a form of a network does not answer as its module does."""
    network, clip = running(small(entry, kind))
    single = module_answers(network, clip)
    with torch.no_grad():
        found = [] if form == "source" else FORMS[form](network, clip, folder)
    double = module_answers(network.double(), clip.double())
    if form == "source":
        found = as_source(network, clip.double(), folder)
        assert_alike(found, double, 1e-9)
        return
    # A long recurrence of random weights makes more of float32's rounding than other networks do.
    rounding = max(_gap(one, two) for one, two in zip(single, double, strict=True) if one is not None)
    assert_alike(found, single, max(1e-4, 4 * rounding))


def _gap(found: Tensor | None, exact: Tensor | None) -> float:
    """The largest difference as a share of the largest value."""
    assert found is not None
    assert exact is not None
    return float((found - exact).abs().max() / exact.abs().max())


def _outcome(entry: Entry, kind: str, form: str) -> str:
    """Nothing where it holds, else why it does not."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(entry, kind, form, Path(folder))
        except (AssertionError, CostModelError) as error:
            return f"{entry.command}, {kind}, {form}: {str(error) or 'other answers'}"
    return ""


def main() -> None:
    """Prints how many networks each form holds for, and a line for each that it does not hold for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("forms", nargs="*", default=list(FORMS))
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [entry for entry in entries() if given.only in entry.command]
    rows, reasons = [], []
    for form in given.forms or FORMS:
        row: dict[str, object] = {"form": form}
        for kind in KINDS:
            if kind == "clip" and form in FOR_STREAMS:
                row[kind] = "-"
                continue
            failed = [reason for entry in chosen if (reason := _outcome(entry, kind, form))]
            row[kind] = f"{len(chosen) - len(failed)} of {len(chosen)}"
            reasons += failed
        rows.append(row)
    sys.stdout.write(
        "\n".join([markdown(rows, ("form", *KINDS)), *(f"- {reason}" for reason in reasons), ""])
    )


if __name__ == "__main__":
    main()
