"""`emit`: the network as source, as a torch.export program, as ONNX or TFLite, or as a spec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commands.calibration import calibrating
from commands.checkpoint import weights_option
from commands.command import Command
from commands.options import SEED
from commands.printing import tell
from commands.source import Source
from costmodel.errors import OptionError
from costmodel.options import Option

if TYPE_CHECKING:
    import numpy as np

    from costmodel.emit import ClipNetwork, StreamNetwork
    from costmodel.weights import About

EXAMPLES = """The network itself: source that needs only torch, torch.export, ONNX, TFLite, or its spec.

Examples:

    emit x3d_m --out x3d_m.py                        a clip network

    emit x3d_m --continual --out stream.py           the same, frame by frame

    emit x3d_m --continual --weights x3d_m.pyth --fold --as onnx --out x3d_m.onnx

    emit out/weights.safetensors --continual --as onnx --out stream.onnx      what `train` wrote

    emit x3d_m --continual --as onnx --state-tensors one --masked --out one.onnx    one state, no host's fills

    emit out/weights.safetensors --continual --fold --as tflite --out stream.tflite

    emit out/weights.safetensors --continual --state window --fold --as tflite --quantize int8 --data digits
        --out stream8.tflite

    emit out/weights.safetensors --as spec --out mine.yaml      the spec alone, blocks, axes and all
"""


def emit(
    source: Source,
    out: Path,
    as_: str,
    weights: Path | None,
    batch: int,
    rank: str | None,
    state_tensors: str | None,
    masked: bool,
    quantize: str | None,
    data: str | None,
    seed: int,
) -> None:
    """Writes a network to a file."""
    if as_ == "tflite" and batch > 1:
        raise OptionError(f"--batch: {batch}, but a TFLite file has one stream; leave it out")
    _must_be_quantisable(as_, quantize, data, batch, {"--rank": rank, "--state-tensors": state_tensors})
    if as_ == "spec":
        _layout(as_, False, rank, state_tensors, masked)
        _write_spec(source, out, weights)
        return
    import torch

    from costmodel.emit import emit as emit_network
    from costmodel.emit.carried import load_carried

    source = source.taking(weights)
    graph = source.graph()
    layout = _layout(as_, graph.is_stream, rank, state_tensors, masked)
    if (as_ == "tflite" or quantize is not None) and not graph.is_stream:
        named = "--as tflite" if as_ == "tflite" else "--quantize"
        raise OptionError(f"{named}: is for streams; add --continual")
    for note in graph.notes:
        tell(f"note: {note}")
    # before the network is made: without `--weights` its values are drawn
    torch.manual_seed(seed)
    network = emit_network(graph)
    if source.weights is not None:
        loaded = load_carried(source, network, source.weights)
        if source.weights_note:
            tell(f"note: {source.weights_note}")
        tell(f"{loaded.tensors} tensors read from {source.weights} ({loaded.told})")
    clips = None if data is None else calibrating(source, graph, data, seed)
    about = None if source.file is None else source.file.about
    written = _write(network, as_, out, batch, layout, clips, about, source.weights is not None)
    tell(f"{graph.name} written to {' and '.join(map(str, written))}")


def _write(
    network: ClipNetwork | StreamNetwork,
    as_: str,
    out: Path,
    batch: int,
    layout: tuple[Literal["map", "one"], bool] | None,
    clips: Iterator[np.ndarray] | None,
    about: About | None,
    has_weights: bool,
) -> list[Path]:
    """Writes a network in one of its forms; the files."""
    from costmodel.emit import export
    from costmodel.emit.source import source_text
    from costmodel.files import write_whole

    if as_ == "onnx" and layout is not None:
        export.export_onnx_frames(_stream(network), out, batch, about, tell, *layout, clips)
    elif as_ == "onnx":
        export.export_onnx(network, out, batch, about, tell)
    elif as_ == "tflite":
        export.export_tflite(_stream(network), out, about, tell, clips)
    elif as_ == "torch-export":
        export.export_torch(network, out, batch, about)
    else:
        write_whole(out, source_text(network.graph, about).encode())
        if has_weights:
            # source is text, so that its weights are a second file; exports hold them
            beside = out.with_suffix(".pt")
            export.write_tensors(beside, network.state_dict())
            return [out, beside]
    return [out]


def _stream(network: ClipNetwork | StreamNetwork) -> StreamNetwork:
    from costmodel.emit import StreamNetwork

    assert isinstance(network, StreamNetwork), "asked of its graph before"
    return network


def _must_be_quantisable(
    as_: str, quantize: str | None, data: str | None, batch: int, layout: dict[str, str | None]
) -> None:
    """Refuses options of 8 bits that have no effect without others.

    Raises:
        OptionError: there is one; the message says what to add, or to leave out.
    """
    if quantize is None:
        if data is not None:
            raise OptionError("--data: is what --quantize int8 calibrates on; add it")
        return
    if as_ not in ("onnx", "tflite"):
        raise OptionError("--quantize: is for a stream as ONNX or TFLite; add --as onnx or --as tflite")
    if data is None:
        raise OptionError("--quantize: needs clips to take the ranges of values from; add --data")
    if batch > 1:
        raise OptionError(f"--batch: {batch}, but --quantize calibrates one stream; leave it out")
    if layout["--rank"] == "5":
        raise OptionError("--quantize: is for ONNX of rank 4; leave out --rank 5")
    if layout["--state-tensors"]:
        raise OptionError("--state-tensors: in 8 bits each layer's state has a tensor; leave it out")


def _layout(
    as_: str, is_stream: bool, rank: str | None, state_tensors: str | None, masked: bool
) -> tuple[Literal["map", "one"], bool] | None:
    """How ONNX of rank 4 holds its state, and whether it masks; None where it is not to be of that rank.

    Raises:
        OptionError: an option has no effect on what is written.
    """
    given = {"--rank": rank, "--state-tensors": state_tensors, "--masked": masked}
    named = [flag for flag, value in given.items() if value]
    if named and (as_ != "onnx" or not is_stream):
        raise OptionError(f"{named[0]}: is for a stream as ONNX; add --continual and --as onnx")
    if rank == "5" and named[1:]:
        raise OptionError(f"{named[1]}: is for ONNX of rank 4; leave out --rank 5")
    if rank == "5" or not is_stream:
        return None
    return ("one" if state_tensors == "one" else "map"), masked


def _write_spec(source: Source, out: Path, weights: Path | None) -> None:
    from costmodel.files import write_whole
    from costmodel.spec.resolved import spec_text, with_sizes

    if weights is not None:
        raise OptionError("--weights: a spec holds none; leave them out")
    source.graph()  # what is no network is told here
    write_whole(out, spec_text(with_sizes(source.document, source.sizes)).encode())
    transforms = " ".join(each.flags for each in source.transforms)
    tell(f"{source.document.name} written to {out}" + (f"; use it with {transforms}" if transforms else ""))


COMMAND = Command(
    emit,
    EXAMPLES,
    (
        Option("out", "The file to write.", Path, is_required=True, metavar="FILE"),
        Option(
            "as_",
            "What to write.",
            default="source",
            choices=("source", "torch-export", "onnx", "tflite", "spec"),
            flags="--as",
        ),
        *weights_option(),
        Option("batch", "Clips or streams at once, in an exported program.", int, 1, least=1),
        Option(
            "rank",
            "Axes of a stream as ONNX: 4, 2D operators on frames (default), or 5, time as an axis.",
            choices=("4", "5"),
        ),
        Option(
            "state_tensors",
            "In how many tensors ONNX of rank 4 holds its state: one for each size of map (default), or one.",
            choices=("map", "one"),
        ),
        Option("masked", "ONNX of rank 4 that counts frames itself; the host fills nothing.", bool, False),
        Option(
            "quantize",
            "ONNX or TFLite in 8 bits, of a stream with --state window --fold.",
            choices=("int8",),
        ),
        Option("data", "Clips that --quantize takes the ranges of values from (see train)."),
        SEED,
    ),
    takes="spec",
)
