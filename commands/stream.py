"""`stream`: runs trained weights on live video, and says what they see."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from commands.checkpoint import weights_option
from commands.command import Command
from commands.leaving import leaving
from commands.printing import tell
from commands.source import Source
from commands.stream_lines import Shown, tell_end, tell_start, warn
from commands.train import DEVICE, THREADS, chosen_device
from costmodel.errors import OptionError
from costmodel.options import Option
from costmodel.weights import Checkpoint
from costmodel.weights import Pixels as Scale

if TYPE_CHECKING:
    from costmodel.emit import StreamNetwork
    from search.live.annotate import Annotated
    from search.live.loop import Answer
    from search.video.decode import Pixels

EXAMPLES = """Runs trained weights on live video, frame by frame, and says what they see.

Examples:

    stream run/weights.safetensors --source video.mp4          every frame, as fast as it goes

    stream run/weights.safetensors --source video.mp4 --live   at the video's own pace, as a camera would

    stream run/weights.safetensors --source camera:0 --source rtsp://door/1 --format json

    stream run/weights.safetensors --source clips/ --out seen/annotated.mp4

    stream run/weights.safetensors --source synthetic:3000     frames made up, to see how fast it goes
"""
FPS = 30.0  # of the camera, where neither the weights nor `--fps` say so
MOST_SOURCES = 256


def stream(
    source: Source,
    weights: Path | None,
    sources: tuple[str, ...],
    live: bool,
    fps: float | None,
    top: int,
    seconds: float | None,
    backend: tuple[str, ...],
    out: Path | None,
    device: str | None,
    threads: int | None,
    format: str,
) -> None:
    """Prints an answer for each frame, and in the end how fast it went."""
    import torch

    from search.live.feed import Feed
    from search.live.framing import Framing
    from search.live.loop import Live
    from search.live.sources import must_be_there, source_of
    from search.live.speed import fastest
    from search.train.fit import clip_of, view_of

    if not 1 <= len(sources) <= MOST_SOURCES:
        raise OptionError(f"--source: {len(sources)} of them, expected 1 to {MOST_SOURCES}")
    # before anything is compiled, which takes long
    named = [source_of(each) for each in sources]
    if len(named) == 1:  # one of several may come later
        must_be_there(named[0])
    source = source.taking(weights).continual()
    where = chosen_device(device, threads)
    network = _network(source, where)
    rate, scale = _rate(source, fps), _scale(source)
    framing = Framing(view_of(network.graph, 1), int(clip_of(network.graph).source.channels), scale)
    ready = fastest(network, len(named), torch.device(where), backend, lambda line: tell(f"note: {line}"))
    keeps = out is not None
    is_one = len(named) == len(named[0].recordings) == 1
    feeds: list[Feed] = []

    def told(trouble: str) -> None:
        # of the only source that was never seen it is the command's error
        if not is_one or feeds[0].joined:
            warn(trouble)

    feeds += [Feed(each, rate, framing, is_live=live, keeps_pixels=keeps, tell=told) for each in named]
    running = Live(network, ready.runner, feeds, rate, torch.device(where))
    tell_start(running, ready, int(source.clip().every))
    shown = Shown(running, _classes(source), top, format)
    with leaving(lambda: "what was written is whole"), ExitStack() as files:
        written = [] if out is None else _files(out, len(feeds), rate, files)
        files.callback(tell_end, running, ready)
        for answer in running.answers(inf if seconds is None else seconds):
            shown(answer)
            if written:
                written[answer.stream].add(_pixels(answer), shown.lines(answer))


def _network(source: Source, device: str) -> StreamNetwork:
    """The stream with its weights, norms folded."""
    import torch

    from costmodel.emit import StreamNetwork, emit
    from costmodel.emit.fold import fold_norms
    from search.train.checkpoint import load_weights

    graph = source.graph()
    for note in graph.notes:
        tell(f"note: {note}")
    network = emit(graph)
    assert isinstance(network, StreamNetwork)
    load_weights(network, Checkpoint.of(source.needed_weights, source))
    folded = fold_norms(network)
    folded.checks_values = False
    return folded.to(torch.device(device)).eval()


def _rate(source: Source, fps: float | None) -> Fraction:
    """Frames a second of the network: as trained where its weights say so, else the camera's over `every`."""
    about = None if source.file is None else source.file.about
    if fps is None and about is not None and about.frame_rate is not None:
        return Fraction(about.frame_rate).limit_denominator(1001)
    if fps is not None and not 0 < fps < 1e5:
        raise OptionError(f"--fps: {fps:g}, expected a rate above zero")
    if fps is None:
        tell(
            f"note: the weights do not say at which rate they were trained; taken as {FPS:g} frames a second"
        )
    every = Fraction(str(source.clip().every))
    return Fraction(FPS if fps is None else fps).limit_denominator(1001) / every


def _scale(source: Source) -> Scale:
    about = None if source.file is None else source.file.about
    return Scale() if about is None else about.pixels


def _classes(source: Source) -> tuple[str, ...]:
    """The names of the classes; their numbers where the weights do not say them."""
    graph = source.graph()
    known = () if source.file is None else source.file.known.classes
    return known or tuple(str(number) for number in range(int(graph.types[graph.output].channels)))


def _files(out: Path, number: int, rate: Fraction, files: ExitStack) -> list[Annotated]:
    from search.live.annotate import Annotated

    # one file for each source, since they have sizes of their own
    paths = [out] if number == 1 else [out.with_stem(f"{out.stem}-{place}") for place in range(number)]
    written = [Annotated(path, rate) for path in paths]
    for each in written:
        files.callback(each.close)
    return written


def _pixels(answer: Answer) -> Pixels:
    assert answer.fed.pixels is not None
    return answer.fed.pixels


COMMAND = Command(
    stream,
    EXAMPLES,
    (
        *weights_option("Weights; not given where a file of them is SPEC."),
        Option(
            "sources",
            "A video, a folder of them, camera:N, an address, or synthetic:FRAMES[:WxH]; repeatable: "
            "all in one batch.",
            flags="--source",
            is_required=True,
            is_repeatable=True,
        ),
        Option(
            "live", "Files at their own pace; what comes while the network is busy is dropped.", bool, False
        ),
        Option("fps", "Frames a second of the camera that the weights were trained for.", float),
        Option("top", "How many classes are shown.", int, 3, least=1),
        Option("seconds", "Ends after so many; when all sources have ended, if not given.", float),
        Option(
            "backend",
            "eager, compiled, exported or, on a GPU, recorded; repeatable. The fastest where not given.",
            is_repeatable=True,
        ),
        Option("out", "A video of what was seen, its answers written on it.", Path, metavar="FILE"),
        DEVICE,
        THREADS,
        Option(
            "format", "A line for each answer, or JSON a line.", default="table", choices=("table", "json")
        ),
    ),
    takes="spec",
)
