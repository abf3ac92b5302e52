"""The page that `convert` writes: what a stream costs, what was changed, and how it was proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from costmodel.analysis.cost import analyze
from costmodel.analysis.figures import Figures
from costmodel.analysis.rates import time_text
from costmodel.escape import markdown
from costmodel.graph import Graph
from costmodel.numbers import Number
from reports.tables import rounded

if TYPE_CHECKING:
    from costmodel.validation.check import Check

PROOFS = {
    "answers_equal_the_module_fp32": "the clip network answers as the module, in 32 bits",
    "answers_equal_the_module_fp64": "the same in 64 bits",
    "stream_features_equal_the_module": "inside a long clip, what enters its head enters the module's",
    "stream_answers_equal_the_module": "its answers there are those of the module's own head",
    "onnx_equals_the_stream": "the ONNX file answers as the stream, in ONNX Runtime",
    "source_equals_the_stream": "the Python file answers as the stream",
}


@dataclass(frozen=True)
class Converted:
    """A module that was made a stream.

    Args:
        place: the command line that made it, from the factory on.
        stream: its network, frame by frame.
        changes: what its stream does otherwise than its clip network.
        checks: what was compared.
        stem: of the names of the files.
        has_source: whether there is a Python file.
        has_onnx: whether there is an ONNX file.
    """

    place: str
    stream: Graph
    changes: Sequence[str]
    checks: Sequence[Check]
    stem: str
    has_source: bool
    has_onnx: bool


def page(converted: Converted) -> str:
    """The page in Markdown."""
    stream = converted.stream
    assert stream.clip is not None
    frame, clip = analyze(stream).totals, analyze(stream.clip).totals
    changes = "; ".join(converted.changes) or "nothing"
    return "\n".join(
        (
            f"# {markdown(stream.name)}, frame by frame",
            "",
            f"Read from `{converted.place}`: {frame['params']:,} parameters, and now a stream of frames "
            f"{_sizes(stream)}.",
            "",
            *_costs(frame, clip),
            "",
            _times(stream, frame),
            f"Changed: {markdown(changes)}.",
            "Costs were measured on the running stream; answers on random frames, as the largest difference, "
            "a share of the largest value:",
            *(_proof(each) for each in converted.checks if each.what in PROOFS),
            "",
            *_files(converted),
        )
    )


def _sizes(stream: Graph) -> str:
    return "x".join(str(getattr(stream.source, axis)) for axis in ("channels", "height", "width"))


def _costs(frame: Mapping[str, Any], clip: Mapping[str, Any]) -> tuple[str, ...]:
    """What a new frame costs: with the clip run again, and as a stream."""
    buffer, state = (
        rounded(each, "bytes") or f"{each} bytes"
        for each in (4 * clip["clip_buffer_floats"], frame["state_bytes"])
    )
    worst = "" if frame["macs_worst_step"] == frame["macs_per_frame"] else _worst(frame)
    return (
        "| for each new frame | the clip network once more | the stream |",
        "|---|---|---|",
        f"| multiply-adds | {_about(clip['macs_per_clip'])} | {_about(frame['macs_per_frame'])}{worst} |",
        f"| held between frames (fp32) | {buffer} of frames | {state} |",
    )


def _worst(frame: Mapping[str, Any]) -> str:
    return f" on average, {_about(frame['macs_worst_step'])} at most"


def _about(number: object) -> str:
    return rounded(number) or str(number)


def _times(stream: Graph, frame: Mapping[str, Any]) -> str:
    jump = Figures(stream).timing[stream.output].jump
    every = "at each frame" if jump == 1 else f"every {jump} frames"
    looks, first = (_in_time(stream, frame[name]) for name in ("lookahead", "transient"))
    settled = (
        "it remembers its stream for ever"
        if frame["warmup"] is None or frame["warmup"] == float("inf")
        else f"steady from frame {frame['warmup']} on, when nothing of its start is seen any more"
    )
    return f"It looks {looks} ahead, gives its first answer after {first} and then one {every}; {settled}."


def _in_time(stream: Graph, frames: Number) -> str:
    """A time in frames of the network, and in what the camera gives."""
    told = time_text(frames, stream.every, stream.fps, None)
    return f"{frames} frames ({told})" if told else f"{frames} frames"


def _proof(check: Check) -> str:
    told = PROOFS[check.what]
    if check.holds is None:
        return f"* {told}: not measured, {markdown(check.note)}"
    assert isinstance(check.measured, float)
    return f"* {told}: {check.measured:.2g} ({markdown(check.note)})"


def _files(converted: Converted) -> tuple[str, ...]:
    stem = converted.stem
    onnx = f", `{stem}.onnx` (a stream's cycle as a program: docs/emit.md)" if converted.has_onnx else ""
    source = f", `{stem}.py` (the stream, which needs only torch)" if converted.has_source else ""
    return (
        f"Files: `{stem}.yaml` (the clip network as a spec), `weights.safetensors`{source}{onnx}.",
        f"`costmodel analyze {stem}.yaml --continual` shows where the cost lies, `costmodel diagnose "
        f"{stem}.yaml` what would make it cheaper.",
        "",
    )
