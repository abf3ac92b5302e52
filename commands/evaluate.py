"""`evaluate`: how accurate trained weights are, on clips and frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from commands.checkpoint import weights_option
from commands.command import Command
from commands.data import tell_left_out
from commands.options import FORMAT, OUT, SEED
from commands.printing import show, tell
from commands.report_html import is_page
from commands.sampled_clips import AT_BINS, with_active_bins
from commands.source import Source
from commands.train import DATA, DEVICE, THREADS, chosen_device, with_classes
from costmodel.errors import OptionError
from costmodel.escape import shell
from costmodel.options import Option
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold
from costmodel.weights import Checkpoint
from reports.clip_accuracy import page as page_of_clips

if TYPE_CHECKING:
    from costmodel.graph import Graph
    from reports.evaluation import StreamAccuracy
    from search.data import Data
    from search.train.evaluate import ClipAccuracy, Views
    from search.train.streaming import Row

EXAMPLES = """How well trained weights do: on clips, or frame by frame on a stream.

Examples:

    evaluate out/weights.safetensors                          one clip from the middle of each

    evaluate x3d_s --weights w.pt --data clips/ --views 10x3  10-LeftCenterRight, softmax averaged

    evaluate d_resnet --weights w.pt --data clips/ --views sliding    a clip at every frame, averaged

    evaluate out/weights.safetensors --data digits --per-class --confusion

    evaluate out/weights.safetensors --data digits --at-bins 8,4,2    of a sampled network, with fewer bins

    evaluate out/weights.safetensors --data digits --stepwise   accuracy against frames seen

    evaluate x3d_m --weights w.pt --data clips/ --stepwise --init replicate --pool 64
"""


def evaluate(
    source: Source,
    weights: Path | None,
    data: str | None,
    views: str,
    combine: Literal["mean", "max"],
    per_class: bool,
    confusion: bool,
    at_bins: str | None,
    stepwise: bool,
    init: str | None,
    limit: int | None,
    out: Path,
    device: str | None,
    threads: int | None,
    seed: int | None,
    format: str,
) -> None:
    """Prints the accuracy of trained weights, and the multiply-adds that it takes."""
    from search.train.evaluate import views_of

    source = source.taking(weights)
    source = _as_trained(source, source.needed_weights)
    if source.weights_note:
        tell(f"note: {source.weights_note}")
    data, seed = _as_learned(source, data, seed)
    where = chosen_device(device, threads)
    if not (stepwise or source.is_stream):
        if init is not None or limit is not None:
            raise OptionError(f"--{'limit' if init is None else 'init'}: is for streams; add --stepwise")
        clips = _opened(source, data, seed)
        how = views_of(views, combine)
        found = _on_clips(source, clips, how, where)
        page = page_of_clips(found, classes=per_class, confusion=confusion)

        def with_bins(other: Source) -> ClipAccuracy:
            return _on_clips(other, clips, how, where)

        show(with_active_bins(page, source, found, at_bins, with_bins, out), format)
        return
    if views != "1x1" or per_class or confusion or at_bins is not None:
        raise OptionError(
            "--views, --per-class, --confusion and --at-bins: are for clips; leave --stepwise out"
        )
    # also where `--continual` was given without `--stepwise`; a stream stays as it is
    source = source.continual()
    # videos first, for the number of classes in them may set a size of the network
    clips = _opened(source, _long_enough(data, source), seed)
    source = with_classes(source, clips)
    inits = ("zeros", "replicate") if init is None else (init,)
    seen = _on_stream(source, clips, inits, limit, where)
    _write(seen, out, _stepwise_line(source, data, seed, limit), format)


def _stepwise_line(source: Source, data: str, seed: int, limit: int | None) -> str:
    """The command line that measures the same, but for the file."""
    weights = "" if source.is_of_file else f" --weights {shell(str(source.weights))}"
    fewer = "" if limit is None else f" --limit {limit}"
    return f"costmodel evaluate {source.flags}{weights} --stepwise --data {shell(data)} --seed {seed}{fewer}"


def _as_learned(source: Source, data: str | None, seed: int | None) -> tuple[str, int]:
    """The data and its seed: where none is given those that the weights learned from.

    Under another seed other videos are held out, among them some that the weights have seen.
    """
    about = None if source.file is None else source.file.about
    held = {} if about is None else about.data
    data = held.get("given") if data is None else data  # type: ignore[assignment]
    if not isinstance(data, str):
        raise OptionError(f"{DATA.flag}: is missing; the weights do not say what they learned from")
    if seed is not None:
        return data, seed
    learned = held.get("seed")
    if not isinstance(learned, int):
        return data, 0
    if learned:
        tell(f"note: --seed {learned}, by which the videos were drawn that the weights learned from")
    return data, learned


def _opened(source: Source, data: str, seed: int) -> Data:
    """The data, once it has the classes that the weights were trained for."""
    from search.data import open_data
    from search.train.about import must_have_learned

    found = open_data(data, seed)
    tell_left_out(found)
    if source.file is None:
        return found
    must_have_learned(source.file, found)
    return at_its_rate(source, found)


def at_its_rate(source: Source, data: Data) -> Data:
    """Videos in files by the clock that the weights were trained with, where they know it."""
    from search.data.file_videos import FileVideos
    from search.data.video_set import at_rate

    about = None if source.file is None else source.file.about
    if about is None or about.frame_rate is None or not isinstance(data.train, FileVideos):
        return data
    return at_rate(data, about.frame_rate * float(source.clip().every))


def tell_decoded(data: Data, videos_shorter: int, frames: int) -> None:
    """Says how many videos are shorter than a clip, and what could not be decoded."""
    from search.data.file_videos import FileVideos, notes_of

    if videos_shorter:
        is_file = isinstance(data.validation, FileVideos)
        tell(_extended_note(videos_shorter, frames) if is_file else _looped_note(videos_shorter, frames))
    for line in notes_of(data.validation):
        tell(f"note: {line}")


def _as_trained(source: Source, weights: Path) -> Source:
    """Without folding, where the weights have norms that it would fold: the answers are the same."""
    from costmodel.emit.carried import names_fit

    if source.made_by(Fold) is None:
        return source
    # weights as trained have norms; where they were stored folded, the folded network is theirs
    plain = source.without(Fold)
    return plain if names_fit(plain.graph(), weights) else source


def _carried(source: Source) -> Checkpoint:
    """The weights, which are carried through the transforms that they were trained without."""
    return Checkpoint.of(source.needed_weights, source)


def _on_clips(source: Source, data: Data, views: Views, device: str) -> ClipAccuracy:
    import numpy as np

    from search.data.views import sizes_of
    from search.train.evaluate import on_clips

    found = on_clips(with_classes(source, data).clip(), _carried(source), data, views, device)
    sizes = sizes_of(data.validation, np.arange(len(data.validation.labels)))
    if views.crops == 3 and (sizes[:, 0] == sizes[:, 1]).all():
        tell("note: the videos are square, so that the three crops are one and the same")
    tell_decoded(data, found.looped, found.view.span)
    return found


def _looped_note(number: int, frames: int) -> str:
    return f"note: {number} videos are shorter than {frames} frames, and looped to fill them"


def _extended_note(number: int, frames: int) -> str:
    return f"note: {number} videos are shorter than {frames} frames, and extended by their last one"


def _long_enough(data: str, source: Source) -> str:
    """Moving digits in videos as long as the stream needs, where no length is asked for."""
    name, _, options = data.partition(":")
    if name != "digits" or "length=" in options:
        return data
    frames = _needed_frames(source)
    # rounded up to 16, so that networks of nearly equal reach are tried on the same videos
    wanted = max(32, -(-frames // 16) * 16)
    if wanted > 32:
        tell(f"note: videos of {wanted} frames, as many as the stream needs")
    return f"{name}:{options + ',' if options else ''}length={wanted}"


def _needed_frames(source: Source) -> int:
    """Video frames from the first to the last that the longest trial looks at."""
    from search.train.streaming import most_frames

    graph = source.graph()
    return int(most_frames(graph) * Fraction(int(graph.every))) + 1


def _on_stream(
    source: Source, data: Data, inits: Sequence[str], limit: int | None, device: str
) -> StreamAccuracy:
    from reports.evaluation import StreamAccuracy
    from reports.times import Clock
    from search.train.cuts import after_cuts
    from search.train.equal_cost import views_beside_stream
    from search.train.evaluate import Views, on_clips
    from search.train.streaming import Streamed

    clip, options, weights = source.clip(), source.made_by(Continual), _carried(source)
    streamed = Streamed(source.graph(), weights, data, limit, device)
    for note in streamed.graph.notes:
        tell(f"note: {note}")
    points = streamed.frames_seen()
    tell_decoded(data, streamed.looped(points[-1]), streamed.span(points[-1]))
    if not streamed.answers_videos:
        tell("note: videos end before the first answer: no accuracy by tenth and none with frames erased")
    seen = []
    for row in streamed.transient(inits, points):
        seen.append(row)
        shown = ", ".join(f"{init} {row[init]:.1%}" for init in inits)
        # as they come: a stream takes minutes, and its clips are run once for each point
        tell(f"{row['frames']} of {points[-1]} frames: {shown}")
    frame_rate = None if source.file is None or source.file.about is None else source.file.about.frame_rate
    on_whole_clips = on_clips(clip, weights, data, Views(), device)
    return StreamAccuracy(
        streamed.graph.name,
        on_whole_clips.accuracy,
        on_whole_clips.error,
        streamed.delay,
        streamed.warmup,
        seen,
        [] if options is None else _longer_pools(clip, options, weights, data, limit),
        streamed.by_tenth(),
        streamed.erased(),
        frame_rate,
        Clock.of(streamed.graph, frame_rate),
        after_cuts(streamed),
        views_beside_stream(streamed, clip, weights),
    )


def _longer_pools(
    clip: Graph, options: Continual, weights: Checkpoint, data: Data, limit: int | None
) -> list[Row]:
    """The pool of the clip network, and the longer one asked for, as in the paper's Table 3."""
    from search.train.streaming import with_pools

    pools = {int(clip.source.time), options.pool or int(clip.source.time) * 2}
    return with_pools(clip, replace(options, pool=None), sorted(pools), weights, data, limit)


def _write(found: StreamAccuracy, out: Path, command: str, format: str) -> None:
    from reports.evaluation import files_of, page
    from reports.files import write_files

    if is_page(out):
        from reports.html.evaluation import evaluation
        from reports.html.frame import write_page

        write_page(out, evaluation(found, f"{command} --out {shell(str(out))}"))
        tell(f"note: wrote {out}")
    else:
        for path in write_files(out, files_of(found)):
            tell(f"note: wrote {path}")
    show(page(found), format)


COMMAND = Command(
    evaluate,
    EXAMPLES,
    (
        *weights_option("Weights; not given where a file of them is SPEC."),
        replace(DATA, is_required=False, help=f"{DATA.help} What the weights learned from, if not given."),
        Option(
            "views",
            "K clips over the video (`all` that do not overlap, or `sliding`: one at every frame), "
            "C = 1 centre crop or 3 crops across it.",
            default="1x1",
            metavar="KxC",
        ),
        Option(
            "combine",
            "The scores of a video's views: their mean, or the highest of each class.",
            default="mean",
            choices=("mean", "max"),
        ),
        Option("per_class", "Also recall and precision by class.", bool, False),
        Option("confusion", "Also which classes are taken for which.", bool, False),
        AT_BINS,
        Option("stepwise", "Frame by frame: accuracy against frames seen.", bool, False),
        Option(
            "init",
            "What stands ahead of the first frame; both, if not given.",
            choices=("zeros", "replicate"),
        ),
        Option("limit", "With --stepwise, so many videos; all, if not given.", int, least=1),
        replace(
            OUT,
            help="With --stepwise, and of sampled networks, folder for tables and plots; "
            "with --stepwise also a file that ends in .html, for a page.",
        ),
        DEVICE,
        THREADS,
        replace(SEED, default=None, help="Seed of the data; that of the weights' own, if not given."),
        FORMAT,
    ),
    takes="spec",
    implies={"stepwise": "continual"},
)
