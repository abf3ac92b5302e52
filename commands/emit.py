"""`emit`: the network as source, as a torch.export program, or as ONNX."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.options import SeedOption, Source, on_spec
from costmodel.errors import one_line

EXAMPLES = """The network itself: readable source that needs only torch, a torch.export program, or ONNX.

Examples:

    emit x3d_m --out x3d_m.py                        a clip network

    emit x3d_m --continual --out stream.py           the same, frame by frame

    emit x3d_m --continual --weights x3d_m.pyth --fold --as onnx --out x3d_m.onnx
"""


class Kind(StrEnum):
    """What is written."""

    SOURCE = "source"
    TORCH_EXPORT = "torch-export"
    ONNX = "onnx"


@on_spec
def emit(
    source: Source,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    as_: Annotated[Kind, typer.Option("--as", help="What to write.")] = Kind.SOURCE,
    weights: Annotated[
        Path | None, typer.Option(help="A checkpoint: ours, SlowFast's or pytorchvideo's.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Clips or streams at once, in an exported program.")] = 1,
    seed: SeedOption = 0,
) -> None:
    """Writes a network to a file."""
    import torch

    from costmodel.emit import emit as emit_network
    from costmodel.emit.carried import load_carried
    from costmodel.emit.export import export_onnx, export_torch, write_tensors
    from costmodel.emit.source import source_text
    from costmodel.files import write_whole

    graph = source.graph()
    for note in graph.notes:
        typer.echo(f"note: {note}", err=True)
    torch.manual_seed(seed)
    network = emit_network(graph)
    if weights is not None:
        loaded = load_carried(source, network, weights)
        if source.weights_note:
            typer.echo(f"note: {source.weights_note}", err=True)
        typer.echo(f"{loaded.tensors} tensors read from {weights} ({loaded.layout} layout)", err=True)
    written = [out]
    if as_ is Kind.ONNX:
        export_onnx(network, out, batch)
    elif as_ is Kind.TORCH_EXPORT:
        export_torch(network, out, batch)
    else:
        write_whole(out, source_text(network.graph).encode())
        if weights is not None:
            written.append(out.with_suffix(".pt"))
            write_tensors(written[-1], network.state_dict())
    typer.echo(f"{one_line(graph.name)} written to {' and '.join(map(str, written))}", err=True)
