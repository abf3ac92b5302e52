"""`emit`: the network as source, as a torch.export program, or as ONNX."""

from __future__ import annotations

from pathlib import Path

from commands.checkpoint import weights_option
from commands.command import Command
from commands.options import SEED
from commands.printing import tell
from commands.source import Source
from costmodel.options import Option

EXAMPLES = """The network itself: readable source that needs only torch, a torch.export program, or ONNX.

Examples:

    emit x3d_m --out x3d_m.py                        a clip network

    emit x3d_m --continual --out stream.py           the same, frame by frame

    emit x3d_m --continual --weights x3d_m.pyth --fold --as onnx --out x3d_m.onnx

    emit out/weights.safetensors --continual --as onnx --out stream.onnx      what `train` wrote
"""


def emit(source: Source, out: Path, as_: str, weights: Path | None, batch: int, seed: int) -> None:
    """Writes a network to a file."""
    import torch

    from costmodel.emit import emit as emit_network
    from costmodel.emit.carried import load_carried
    from costmodel.emit.export import export_onnx, export_torch, write_tensors
    from costmodel.emit.source import source_text
    from costmodel.files import write_whole

    source = source.taking(weights)
    graph = source.graph()
    for note in graph.notes:
        tell(f"note: {note}")
    torch.manual_seed(seed)
    network = emit_network(graph)
    if source.weights is not None:
        loaded = load_carried(source, network, source.weights)
        if source.weights_note:
            tell(f"note: {source.weights_note}")
        tell(f"{loaded.tensors} tensors read from {source.weights} ({loaded.told})")
    written, about = [out], None if source.file is None else source.file.about
    if as_ == "onnx":
        export_onnx(network, out, batch, about)
    elif as_ == "torch-export":
        export_torch(network, out, batch, about)
    else:
        write_whole(out, source_text(network.graph, about).encode())
        if source.weights is not None:
            written.append(out.with_suffix(".pt"))
            write_tensors(written[-1], network.state_dict())
    tell(f"{graph.name} written to {' and '.join(map(str, written))}")


COMMAND = Command(
    emit,
    EXAMPLES,
    (
        Option("out", "The file to write.", Path, is_required=True, metavar="FILE"),
        Option(
            "as_",
            "What to write.",
            default="source",
            choices=("source", "torch-export", "onnx"),
            flags="--as",
        ),
        *weights_option(),
        Option("batch", "Clips or streams at once, in an exported program.", int, 1, least=1),
        SEED,
    ),
    takes="spec",
)
