"""`evaluate`: how well trained weights do, on clips and frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import Format, FormatOption, SeedOption, Source, on_spec
from commands.train import DataOption, DeviceOption, ThreadsOption, chosen_device, with_classes
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold, folded_norms
from reports import tables
from reports.clip_accuracy import text_of

if TYPE_CHECKING:
    from reports.evaluation import StreamAccuracy
    from search.data import Data
    from search.train.evaluate import ClipAccuracy, Views

EXAMPLES = """How well trained weights do: on clips, or frame by frame on a stream.

Examples:

    evaluate digits --weights out/weights.pt --data digits               one clip from the middle of each

    evaluate x3d_s --weights w.pt --data clips/ --views 10x3             10-LeftCenterRight, softmax averaged

    evaluate d_resnet --weights w.pt --data clips/ --views sliding       a clip at every frame, averaged

    evaluate digits --weights w.pt --data digits --per-class --confusion

    evaluate digits --weights out/weights.pt --data digits --stepwise    accuracy against frames seen

    evaluate x3d_m --weights w.pt --data clips/ --stepwise --init replicate --pool 64
"""


class Init(StrEnum):
    """What stands ahead of a stream's first frame."""

    ZEROS = "zeros"
    REPLICATE = "replicate"


class Combine(StrEnum):
    """How the scores of a video's views become one."""

    MEAN = "mean"
    MAX = "max"


@on_spec
def evaluate(
    source: Source,
    weights: Annotated[Path, typer.Option(help="Weights that `train` wrote.")],
    data: DataOption,
    views: Annotated[
        str,
        typer.Option(
            metavar="KxC",
            help="K clips over the video (`all` that do not overlap, or `sliding`: one at every frame), "
            "C = 1 centre crop or 3 crops across it.",
        ),
    ] = "1x1",
    combine: Annotated[
        Combine, typer.Option(help="The scores of a video's views: their mean, or the highest of each class.")
    ] = Combine.MEAN,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Also recall and precision by class.")
    ] = False,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Also which classes are taken for which.")
    ] = False,
    stepwise: Annotated[
        bool, typer.Option("--stepwise", help="Frame by frame: accuracy against frames seen.")
    ] = False,
    init: Annotated[
        Init | None, typer.Option(help="What stands ahead of the first frame; both, if not given.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="With --stepwise, so many videos; all, if not given.")
    ] = None,
    out: Annotated[Path, typer.Option(help="With --stepwise, folder for table and plot.")] = Path("out"),
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    seed: SeedOption = 0,
    format: FormatOption = Format.TABLE,
) -> None:
    """Prints the accuracy of trained weights beside what it costs."""
    from search.data import open_data
    from search.train.evaluate import views_of

    source = _as_trained(source, weights)
    if source.weights_note:
        typer.echo(f"note: {source.weights_note}", err=True)
    where = chosen_device(device, threads)
    if not (stepwise or source.is_stream):
        if init is not None or limit is not None:
            raise typer.BadParameter("--init and --limit are for streams; add --stepwise")
        clips = open_data(data, seed)
        tables_of = partial(text_of, format=format.value, classes=per_class, confusion=confusion)
        typer.echo(
            tables_of(_on_clips(source, weights, clips, views_of(views, combine.value), where)), nl=False
        )
        return
    if views != "1x1" or per_class or confusion:
        raise typer.BadParameter("--views, --per-class and --confusion are for clips; leave --stepwise out")
    source = source.continual()
    clips = open_data(_long_enough(data, source), seed)
    source = with_classes(source, clips)
    inits = ("zeros", "replicate") if init is None else (init.value,)
    found = _on_stream(source, weights, clips, inits, limit, where)
    _write(found, out, format)


def _as_trained(source: Source, weights: Path) -> Source:
    """Without folding, where the weights have norms that it would fold: the answers are the same."""
    from search.train.checkpoint import read

    plain = source.without(Fold)
    norms = folded_norms(plain.graph())
    content = read(weights) if source.made_by(Fold) is not None else {}
    names = content.get("weights", content)
    return plain if any(f"{norm}.running_mean" in names for norm in norms) else source


def _on_clips(source: Source, weights: Path, data: Data, views: Views, device: str) -> ClipAccuracy:
    from search.train.evaluate import on_clips

    found = on_clips(with_classes(source, data).clip(), weights, data, views, device)
    if views.crops == 3 and data.validation.height == data.validation.width:
        typer.echo("note: the videos are square, so that the three crops are one and the same", err=True)
    if found.looped:
        typer.echo(_looped_note(found.looped, found.view.span), err=True)
    return found


def _looped_note(number: int, frames: int) -> str:
    return f"note: {number} videos are shorter than {frames} frames, and looped to fill them"


def _long_enough(data: str, source: Source) -> str:
    """Moving digits in videos as long as the stream needs, where no length is asked for."""
    name, _, options = data.partition(":")
    if name != "digits" or "length=" in options:
        return data
    frames = _needed_frames(source)
    wanted = max(32, -(-frames // 16) * 16)
    if wanted > 32:
        typer.echo(f"note: videos of {wanted} frames, as many as the stream needs", err=True)
    return f"{name}:{options + ',' if options else ''}length={wanted}"


def _needed_frames(source: Source) -> int:
    """Video frames from the first to the last that the longest trial looks at."""
    from search.train.streaming import most_frames

    graph = source.graph()
    return int(most_frames(graph) * Fraction(graph.every)) + 1


def _on_stream(
    source: Source, weights: Path, data: Data, inits: Sequence[str], limit: int | None, device: str
) -> StreamAccuracy:
    from reports.evaluation import StreamAccuracy
    from search.train.evaluate import Views, on_clips
    from search.train.streaming import Streamed, with_pools

    clip, options = source.clip(), source.made_by(Continual)
    assert options is not None
    streamed = Streamed(source.graph(), weights, data, limit, device)
    for note in streamed.graph.notes:
        typer.echo(f"note: {note}", err=True)
    points = streamed.frames_seen()
    if streamed.looped(points[-1]):
        typer.echo(_looped_note(streamed.looped(points[-1]), streamed.span(points[-1])), err=True)
    seen = []
    for number in points:
        seen.append(streamed.row(number, inits))
        shown = ", ".join(f"{init} {seen[-1][init]:.1%}" for init in inits)
        typer.echo(f"{number} of {points[-1]} frames: {shown}", err=True)
    pools = {int(clip.source.time), options.pool or int(clip.source.time) * 2}
    on_whole_clips = on_clips(clip, weights, data, Views(), device)
    return StreamAccuracy(
        streamed.graph.name,
        on_whole_clips.accuracy,
        on_whole_clips.error,
        streamed.delay,
        streamed.warmup,
        seen,
        with_pools(clip, replace(options, pool=None), sorted(pools), weights, data, limit),
        streamed.by_tenth(),
        streamed.erased(),
    )


def _write(found: StreamAccuracy, out: Path, format: Format) -> None:
    from reports.evaluation import files_of, table
    from reports.files import write_files

    for path in write_files(out, files_of(found)):
        typer.echo(f"note: wrote {path}", err=True)
    rows = [{str(key): value for key, value in row.items()} for row in table(found).to_dict("records")]
    columns = tuple(rows[0])
    match format:
        case Format.JSON:
            text = tables.plain_json(found.as_json()) + "\n"
        case Format.CSV:
            text = tables.csv_text(rows, columns)
        case Format.MD:
            text = tables.markdown(rows, columns)
        case _:
            text = _as_text(found, rows, columns)
    typer.echo(text, nl=False)


def _as_text(found: StreamAccuracy, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    warm = "never warm: it remembers all frames" if found.warmup is None else f"warm after {found.warmup + 1}"
    title = (
        f"{found.name}: clip network {found.clip_accuracy:.1%} +- {found.clip_error:.1%}; computed: first "
        f"answer after {found.delay + 1} frames, {warm}"
    )
    parts = [tables.table(rows, columns, title)]
    for title, part in (
        ("longer pools", found.pools),
        ("by tenth of the video", found.tenths),
        ("middle replaced by noise", found.erased),
    ):
        if part:
            parts.append(tables.table(part, tuple(part[0]), title))
    return "\n".join(parts)
