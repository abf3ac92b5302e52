"""Networks measured together in interleaved rounds  (Hedegaard 2022, appendix B)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean, median, quantiles

import torch

from costmodel.emit.bench.peak import free_mib, peak_mib
from costmodel.emit.bench.setting import Benched, Setting, Theirs, threads
from costmodel.emit.bench.subjects import MODULE, Subject, subjects_of, their_subject
from costmodel.errors import OptionError

WARM_UP = 3
MOST_BATCH = 1024


def bench_at(
    specs: Sequence[Benched], setting: Setting, say: Callable[[str], None], against: Theirs | None = None
) -> list[dict[str, object]]:
    """Measures networks in one run, a few calls of each in turn.

    Args:
        specs: what is measured; of a stream the clip network too.
        setting: what they are measured with.
        say: told of progress.
        against: the module that the networks were read from, which runs as it is, eagerly.

    Returns:
        A row for each network and backend.

    Raises:
        EmitError: a network or a backend cannot run here.
    """
    with threads(setting.threads), torch.no_grad():
        subjects = [subject for each in specs for subject in subjects_of(each, setting, say)]
        if against is not None:
            subjects.append(their_subject(against, setting))
        for subject in subjects:
            say(f"warming up {subject.spec}, {subject.mode}, {subject.backend}")
            for _ in range(WARM_UP):
                subject.call()
            subject.peak_mib = subject.resident_mib + peak_mib(subject.call, setting.torch_device)
        # Rounds over all subjects in turn: a machine that runs
        # slower for a while slows each of them, and the ratios stay.
        rounds = min(10, setting.runs)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for subject in subjects:
                # Shares of the runs that add up to all of them.
                count = setting.runs * (number + 1) // rounds - setting.runs * number // rounds
                subject.seconds += [_seconds(subject.call) / subject.frames for _ in range(count)]
    return [_row(subject, subjects, setting) for subject in subjects]


def measured_batch(
    specs: Sequence[Benched], setting: Setting, batch: str, say: Callable[[str], None]
) -> Setting:
    """The setting with a batch: a number, or for `max` the largest power of two that fits in memory for all.

    On a processor a batch fits where its eager call, as measured, takes at most half of the free memory.

    Raises:
        OptionError: neither a number nor `max`.
    """
    if batch != "max":
        if not batch.isdigit():
            raise OptionError(f"--batch: {batch!r}, expected a number or max")
        return replace(setting, batch=int(batch))
    largest = 1
    while largest < MOST_BATCH and _fits(specs, replace(setting, batch=2 * largest)):
        largest *= 2
    say(f"largest batch: {largest}")
    return replace(setting, batch=largest)


def _fits(specs: Sequence[Benched], setting: Setting) -> bool:
    device = setting.torch_device
    try:
        with threads(setting.threads), torch.no_grad():
            for each in specs:
                trial = replace(setting, backends=("eager",))
                for subject in subjects_of(each, trial, lambda _: None):
                    peak = subject.resident_mib + peak_mib(subject.call, device)
                    if device.type == "cpu" and 2 * peak > free_mib():
                        return False
    except torch.OutOfMemoryError:
        return False
    return True


def _row(subject: Subject, subjects: Sequence[Subject], setting: Setting) -> dict[str, object]:
    times = sorted(subject.seconds)
    # `quantiles` refuses a single value.
    centiles = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    row: dict[str, object] = {
        "spec": subject.spec,
        "mode": subject.mode,
        "backend": subject.backend,
        "folded": subject.folded,
        "device": setting.device,
        "threads": setting.threads,
        "batch": setting.batch,
        "precision": setting.precision,
        "runs": len(times),
        "chunk": subject.chunk,
        "lookahead": subject.lookahead,
        "ms_per_frame": median(times) * 1000,
        # of one call, which is a chunk
        "mean_ms": fmean(times) * 1000 * subject.chunk,
        "median_ms": median(times) * 1000 * subject.chunk,
        "p95_ms": centiles[94] * 1000 * subject.chunk,
        "p99_ms": centiles[98] * 1000 * subject.chunk,
        "per_second": setting.batch / fmean(times),
        "peak_mib": subject.peak_mib,
    }
    if subject.error is not None:
        row["error"] = subject.error
    if subject.mode != "continual":
        return row
    own = median(times)
    clips = [each for each in subjects if each.spec == subject.spec and each.mode == "clip"]
    eager = next(each for each in clips if each.backend == "eager" and not each.folded)
    same = [each for each in clips if each.backend == subject.backend and each.folded == subject.folded]
    row["ratio"] = median(eager.seconds) / own
    row["ratio_same_backend"] = median(same[0].seconds) / own if same else None
    modules = [each for each in subjects if each.mode == MODULE]
    if modules:
        row["ratio_module"] = median(modules[0].seconds) / own
    return row


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
