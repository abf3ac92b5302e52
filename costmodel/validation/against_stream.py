"""A stream beside the untouched module of its clip network, at interior positions of a long clip."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf, isnan

from torch import Tensor

from costmodel.analysis.reach import head_pools
from costmodel.analysis.temporal import excitation_pools, timing
from costmodel.graph import Graph
from costmodel.validation.beside import NEVER_DUE, Beside, Frames, source_of
from costmodel.validation.calls import Place
from costmodel.validation.check import Check, not_measured, within
from costmodel.validation.heads import Interior, heads_of, interior_of
from costmodel.validation.layouts import equal_orders, in_our_axes, laid_out, nearest
from costmodel.validation.running import frames_of
from costmodel.validation.theirs import EQUAL, Read, Theirs, TheirsError

FEATURES = "stream_features_equal_the_module"
ANSWERS = "stream_answers_equal_the_module"
JOINING = ("flatten", "reshape", "view")
FIXED = "if the module's code fixes a number of frames, as TSM's n_segment, let it take it from its input"
LONGER = 3  # clips of which each is a frame longer than the one before


def check_stream(sizes: Sequence[Beside], most: float) -> Iterator[Check]:
    """A stream's features and answers beside the module's, on the first maps that the module takes."""
    clip = sizes[0].clip
    reason = _unmeasurable(clip, sizes[0].graph)
    if reason:
        yield not_measured(ANSWERS, most, reason)
        return
    for place, each in enumerate(sizes, start=1):
        try:
            yield from list(_checked(each, most))
        except TheirsError as error:
            if place == len(sizes):
                yield not_measured(ANSWERS, most, f"the module {error}")
            continue
        return


def _unmeasurable(clip: Graph, stream: Graph) -> str:
    """Why a stream cannot be held against the module; empty where it can."""
    if any(int(stream.windows[name].kernel) != 1 for name in excitation_pools(clip)):
        return (
            "squeeze-excite pools the last frames; only --excite frame is an edit that a module can be given"
        )
    if _answers_newest(clip) and int(timing(stream)[stream.output].delay) > 0:
        return "the module answers for the last frame of a clip, which sees the zeros that stand behind it"
    return ""


def _answers_newest(clip: Graph) -> bool:
    return not heads_of(clip) and int(clip.types[clip.output].time) == 1


def _checked(beside: Beside, most: float) -> Iterator[Check]:
    edges = heads_of(beside.clip)
    if _answers_newest(beside.clip):
        yield _of_longer_and_longer_clips(beside, most)
        return
    if not edges:
        yield _of_every_frame(beside, most)
        return
    theirs, edit = _edited(beside)
    interior = interior_of(beside.graph, edges)
    clip = frames_of(beside.graph, 1, interior.frames, beside.seed + 1)
    lost = [name for name in edges if not beside.reads[name]]
    if lost:
        raise TheirsError(f"reads nowhere what enters its head here, {', '.join(lost)}")
    found = theirs.captured(clip, {name: beside.reads[name][0] for name in edges})
    expected = {name: _in_ours(beside, name, found[name]) for name in edges}
    made = beside.stream(clip, [*edges, beside.graph.output])
    note = f"interior frames of a clip of {beside.graph.source.with_time(interior.frames)}{edit}"
    numbers = {
        name: {each for answer in interior.answers for each in interior.numbers(name, answer)}
        for name in edges
    }
    features = _compared(FEATURES, made, expected, numbers, most, note)
    yield features if features.holds else replace(features, note=f"{features.note}; {FIXED}")
    yield _answers(beside, theirs, made[beside.graph.output], expected, interior, most)


def _edited(beside: Beside) -> tuple[Theirs, str]:
    """The module with its squeeze-excites over each frame alone, as in the stream, and what was done."""
    clip, edits = beside.clip, dict[Place, int]()
    for name in excitation_pools(clip):
        found = _pooling(beside.reads[source_of(clip, name)], beside.outputs[name].numel())
        axis = None if found is None else found.axis_of_time
        if found is None or axis is None:
            raise TheirsError(f"pools {name} in a way that cannot be edited to each frame alone")
        edits[found.place] = axis
    places = f"{len(edits)} place{'s' * (len(edits) > 1)}"
    told = f"; squeeze-excite pools each frame alone in the module too, at {places}" if edits else ""
    return replace(beside.theirs, edits=edits), told


def _pooling(reads: Sequence[Read], numbers: int) -> Read | None:
    """The call that pools a clip to so many numbers, or the one that joins its axes ahead of it."""
    place = next((place for place, each in enumerate(reads) if each.answered == numbers), None)
    if place is None or reads[place].axis_of_time is not None:
        return None if place is None else reads[place]
    # What is joined cannot be pooled by frames any more: from where it is joined each frame goes alone.
    ahead = [each for each in reads[:place] if each.place.function in JOINING]
    return next((each for each in reversed(ahead) if each.axis_of_time is not None), None)


def _in_ours(beside: Beside, name: str, tensor: Tensor) -> Tensor:
    channels, _, *side = map(int, beside.clip.types[name])
    return in_our_axes(tensor, beside.reads[name][0].orders, channels, (side[0], side[1]))


def _compared(
    what: str,
    made: Mapping[str, Frames],
    expected: Mapping[str, Tensor],
    numbers: Mapping[str, Collection[int]],
    most: float,
    note: str,
) -> Check:
    """Frames of the stream beside the module's of the same number."""
    largest, count, wrong = 0.0, 0, ""
    for name, theirs in expected.items():
        for number in sorted(numbers[name]):
            ours = made[name].get(number)
            share = inf if ours is None or NEVER_DUE in made[name] else _share(ours, theirs, number)
            if share > most and not wrong:
                wrong = f"; {name} is the first to differ, by {share:.2g} at its frame {number}"
            largest, count = max(largest, share), count + 1
    return within(what, largest, f"{count} {note}{wrong}", most)


def _share(ours: Tensor, theirs: Tensor, number: int) -> float:
    if number >= theirs.shape[2]:
        return inf
    # Of the largest value of all frames: one alone may be all but zero.
    found = float((ours - theirs[:, :, number : number + 1]).abs().max()) / (float(theirs.abs().max()) or 1.0)
    return inf if isnan(found) else found


def _answers(
    beside: Beside,
    theirs: Theirs,
    made: Frames,
    expected: Mapping[str, Tensor],
    interior: Interior,
    most: float,
) -> Check:
    """The stream's answers beside those of the module's own head to the module's own features."""
    if _pools_otherwise(beside):
        reason = "the stream's last pool takes another number of frames than the module's; leave out --pool"
        return not_measured(ANSWERS, most, f"{reason} and --head-pool")
    found = []
    for answer in interior.answers:
        given = {}
        for name, features in expected.items():
            numbers = interior.numbers(name, answer)
            window = features[:, :, numbers.start : numbers.stop]
            for read in beside.reads[name]:
                given[read.place] = read.at, laid_out(window, read.orders[0], (-1,))
        ours, own = made.get(answer), theirs.answer_with(beside.given, given)
        found.append(inf if ours is None or ours.numel() != own.numel() else nearest(ours, own)[0])
    calls = sorted({read.place.function for name in expected for read in beside.reads[name]})
    note = f"{len(found)} answers of the module's own head, from its {', '.join(calls)} on"
    return within(ANSWERS, max(found), note, most)


def _pools_otherwise(beside: Beside) -> bool:
    """Whether the stream's last pool covers more frames, or fewer, than the clip's."""
    graph, clip = beside.graph, beside.clip
    return any(
        graph.windows[name].unbounded or int(graph.windows[name].kernel) != int(clip.types[edge].time)
        for name in head_pools(clip)
        for edge in clip.by_name[name].inputs[:1]
    )


def _of_every_frame(beside: Beside, most: float) -> Check:
    """Of a module that answers for each frame: its answers inside a long clip."""
    name = beside.graph.output
    orders = equal_orders(beside.outputs[name], beside.theirs.answer(beside.given), EQUAL)
    if not orders:
        raise TheirsError("answers other values than the clip network")
    interior = interior_of(beside.graph, {name: 1})
    clip = frames_of(beside.graph, 1, interior.frames, beside.seed + 1)
    channels, _, *side = map(int, beside.clip.types[name])
    expected = in_our_axes(beside.theirs.answer(clip), orders, channels, (side[0], side[1]))
    note = f"interior answers to a clip of {beside.graph.source.with_time(interior.frames)}"
    made = beside.stream(clip, [name])
    return _compared(ANSWERS, made, {name: expected}, {name: interior.answers}, most, note)


def _of_longer_and_longer_clips(beside: Beside, most: float) -> Check:
    """Of a module that answers for the last frame, and looks at none to come: its answers to longer clips."""
    name, jump = beside.graph.output, timing(beside.graph)[beside.graph.output].jump
    first = int(beside.clip.source.time)
    clip = frames_of(beside.graph, 1, first + (LONGER - 1) * jump, beside.seed + 1)
    made = beside.stream(clip, [name])[name]
    found = []
    for frames in range(first, clip.shape[2] + 1, jump):
        own, ours = beside.theirs.answer(clip[:, :, :frames]), made.get((frames - 1) // jump)
        found.append(inf if ours is None or ours.numel() != own.numel() else nearest(ours, own)[0])
    note = f"answers to clips of {first} to {clip.shape[2]} frames, input {beside.graph.source}"
    return within(ANSWERS, max(found), note, most)
