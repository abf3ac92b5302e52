"""What networks are measured with, and what is measured."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from costmodel.emit.backends import available, backend_named
from costmodel.emit.half import computes_bf16
from costmodel.errors import OptionError
from costmodel.graph import Graph

# Of all values; in bf16 pointwise layers alone take their products.
PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.float32}


@dataclass(frozen=True)
class Setting:
    """What all networks of a run are measured with.

    Args:
        device: such as `cpu` or `cuda`.
        threads: how many the processor uses.
        batch: clips, or streams, at once.
        precision: `fp32`, `fp16`, or `bf16` of the products of pointwise layers alone.
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
        if self.precision == "bf16" and (self.torch_device.type != "cpu" or not computes_bf16()):
            raise OptionError(
                "--precision: bf16 is of processors with avx512_bf16 or amx_bf16, which this device is not; "
                "expected fp32, or fp16 on a GPU"
            )
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
    def product_dtype(self) -> torch.dtype | None:
        """What pointwise layers take their products in, where not in the precision of all else."""
        return torch.bfloat16 if self.precision == "bf16" else None

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


@contextmanager
def threads(count: int) -> Iterator[None]:
    """With so many threads of the processor, and as many as there were behind it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
