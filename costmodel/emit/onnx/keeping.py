"""What keeps frames and partial results, as ONNX operators: the counterpart of each keeper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

import torch
from torch import Tensor

from costmodel.emit.modules.attention import AttentionKeeper
from costmodel.emit.modules.avg_pool import AverageKeeper
from costmodel.emit.modules.clip_crop import ClipCropKeeper
from costmodel.emit.modules.cumulative import CumulativeKeeper
from costmodel.emit.modules.delay import DelayKeeper
from costmodel.emit.modules.keeper import Keeper
from costmodel.emit.modules.recurrent import RecurrentKeeper
from costmodel.emit.modules.shift import ShiftKeeper
from costmodel.emit.modules.windows import PartialKeeper, WindowKeeper, taps_at
from costmodel.emit.onnx.attention import attend
from costmodel.emit.onnx.entry import FRAMES, WINDOWS, Place, refusal
from costmodel.emit.onnx.recurrent import RECURRENT

Kept = tuple[str, ...]
Stepped = tuple[str | None, Kept]
# Of the place, the keeper, the frames that come in, what is kept before them, and the phase.
WriteStep = Callable[..., Stepped]
Shape = tuple[int, int, int]


def _partial(place: Place, keeper: PartialKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    joining, opened, opens, closes = taps_at(keeper.kernel, keeper.dilation, keeper.stride, phase)
    window, last = WINDOWS.of(place.op), keeper.kernel - 1
    wanted = [tap for tap, _ in joining] + [0] * opens + [last] * (closes and last > 0)
    made = dict(zip(wanted, window.taps(place, frames[0], wanted), strict=True))
    # A kernel of 1 closes what it opens; with a stride some frames do neither.
    if last == 0:
        return made.get(0), kept
    partials = list(kept)
    for tap, at in joining:
        partials[at] = place.tape.op(window.combine, made[tap], partials[at])
    if opens and opened < len(partials):
        partials[opened] = made[0]
    if not closes:
        return None, tuple(partials)
    closed = partials.pop(0)
    # A place without a window holds any tensor of its shape, never read.
    partials.append(made[0] if opens and opened == len(kept) else closed)
    return place.tape.op(window.combine, made[last], closed), tuple(partials)


def _window(place: Place, keeper: WindowKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    seen = (*kept, frames[0])
    if (keeper.frames - phase) % keeper.stride:
        return None, seen[1:]
    dilation = keeper.layer.dilation[0]
    return WINDOWS.of(place.op).over(place, seen[::dilation]), seen[1:]


def _average(place: Place, keeper: AverageKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    """All open sums in one tensor, their frames one after the other in channels."""
    tape, channels, frames_kept = place.tape, int(place.out.channels), keeper.frames
    (tap,) = WINDOWS.of(place.op).taps(place, frames[0], (0,))
    (sums,) = kept
    # The oldest window is complete with this frame; the others move up, and the frame opens one.
    answer = tape.op("Add", tape.channels(sums, 0, channels), tap)
    if frames_kept == 1:
        return answer, (tap,)
    later = frames_kept - 1
    moved = tape.channels(sums, channels, later * channels)
    tiled = tape.op("Tile", tap, tape.integers(1, later, 1, 1))
    return answer, (tape.concat((tape.op("Add", moved, tiled), tap)),)


def _delay(place: Place, keeper: DelayKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    return None, (*kept[1:], frames[0])


def _shift(place: Place, keeper: ShiftKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    if keeper.is_whole:
        return frames[0], kept
    first, parts = 0, []
    for count in keeper.parts:
        parts.append(place.tape.channels(frames[0], first, count) if count else "")
        first += count
    future, *others = parts
    queues, answers = (kept[: keeper.past], kept[keeper.past :]), [future]
    after: list[str] = []
    for part, queue in zip(others, queues, strict=True):
        answers.append(queue[0] if queue else part)
        after += [*queue[1:], part] if queue else []
    return place.tape.concat([each for each in answers if each]), tuple(after)


def _recurrent(place: Place, keeper: RecurrentKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    after = RECURRENT.of(place.op)(place, frames[0], kept)
    return after[0], after


def _clip_crop(place: Place, keeper: ClipCropKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    return FRAMES.of(place.op)(place, frames[0]), kept


def _cumulative(place: Place, keeper: CumulativeKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    tape, op, (frame,) = place.tape, place.op, frames
    if not keeper.is_mean:
        if op.over != "position":
            frame = tape.op("ReduceMax", frame, tape.integers(2, 3), keepdims=1)
        largest = tape.op("Max", kept[0], frame)
        return largest, (largest,)
    if op.over != "position":
        frame = tape.mean(frame, 2, 3)
    before, count = kept
    count = tape.op("Add", count, tape.number(1.0))
    # m + (x - m) / n: a long sum would lose small shares.
    mean = tape.op("Add", before, tape.op("Div", tape.op("Sub", frame, before), count))
    return mean, (mean, count)


def _attention(place: Place, keeper: AttentionKeeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    query, key, value = frames
    earlier, tape = keeper.earlier, place.tape
    keys, values = (*kept[:earlier], key), (*kept[earlier : 2 * earlier], value)
    there = (*kept[2 * earlier :], tape.filled((tape.batch, 1, 1, 1), 1.0))
    return attend(place, query, keys, values, there), (*keys[1:], *values[1:], *there[1:])


STEPS: Mapping[type[Keeper], WriteStep] = {
    PartialKeeper: _partial,
    WindowKeeper: _window,
    AverageKeeper: _average,
    DelayKeeper: _delay,
    ShiftKeeper: _shift,
    RecurrentKeeper: _recurrent,
    ClipCropKeeper: _clip_crop,
    CumulativeKeeper: _cumulative,
    AttentionKeeper: _attention,
}


def write_step(place: Place, keeper: Keeper, frames: Kept, kept: Kept, phase: int) -> Stepped:
    """The output, where there is one, and what is kept after frames.

    Raises:
        EmitError: nothing here writes the layer.
    """
    if type(keeper) not in STEPS:
        raise refusal(place.name, place.op.word)
    return STEPS[type(keeper)](place, keeper, frames, kept, phase)


def slots_of(keeper: Keeper, lowest: float) -> dict[str, tuple[Shape, float]]:
    """The shape and the fill of each tensor that is kept, by name; `lowest` stands for no value at all."""
    fill = lowest if keeper.padding_value == -inf else keeper.padding_value
    found = {name: (_of_rank_4(shape), fill) for name, shape in keeper.shapes.items()}
    # Where a layer counts frames, what it has seen is part of what it keeps: so the program needs no age.
    if isinstance(keeper, CumulativeKeeper) and keeper.is_mean:
        found["count"] = ((1, 1, 1), 0.0)
    if isinstance(keeper, AttentionKeeper):
        found |= {f"there.{number}": ((1, 1, 1), 0.0) for number in range(keeper.earlier)}
    return found


def counted(keeper: Keeper, name: str, seen: int) -> dict[str, Tensor]:
    """Of what `slots_of` adds, by name, the values of a layer that has seen so many frames."""
    found = {f"{name}.count": torch.tensor(float(seen))}
    earlier = keeper.earlier if isinstance(keeper, AttentionKeeper) else 0
    for number in range(earlier):
        found[f"{name}.there.{number}"] = torch.tensor(float(number >= earlier - seen))
    return found


def _of_rank_4(shape: tuple[int, ...]) -> Shape:
    """Channels, height and width; the frames of a long average one after the other in channels."""
    channels, *frames, height, width = shape
    for count in frames:
        channels *= count
    return channels, height, width
