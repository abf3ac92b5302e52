"""A stream that runs for hours: what it answers, holds and takes stays as it was."""

import gc
from itertools import islice
from statistics import median

import psutil
import pytest
import torch
from live_networks import live

from search.live.sources import PERIOD

FRAMES = 300_000  # of the network, twice as many of the source
TENTH = FRAMES // 10


@pytest.mark.slow
def test_300000_frames_change_nothing():
    process, running = psutil.Process(), live(f"synthetic:{2 * FRAMES}:32x24", "synthetic:640:32x24")
    found = (answer for answer in running.answers() if answer.stream == 0)
    reference: list[torch.Tensor] = []
    held, latencies, seconds, objects = [], [], [], []
    for tenth in range(10):
        began = running.tally.seconds
        latency = []
        for answer in islice(found, TENTH):
            latency.append(answer.latency)
            if answer.frames < 2 * PERIOD or answer.scores is None:
                continue
            place = answer.frames % (PERIOD // 2)
            if len(reference) < PERIOD // 2:
                reference.append(answer.scores.clone())
            else:
                # as it answered long ago: nothing has drifted by one bit
                assert torch.equal(answer.scores, reference[(place - 2 * PERIOD) % (PERIOD // 2)])
        gc.collect()
        held.append(process.memory_info().rss / 2**20)
        objects.append(len(gc.get_objects()))
        latencies.append(median(latency) * 1000)
        seconds.append(running.tally.seconds - began)
        shown = f"{held[-1]:.1f} MiB, {objects[-1]} objects, {latencies[-1]:.3f} ms, {seconds[-1]:.1f} s"
        print(f"{(tenth + 1) * TENTH} frames: {shown}")
    assert held[-1] - held[1] < 8
    assert abs(objects[-1] - objects[1]) < 1000
    assert running.tally.frames >= FRAMES - 1 + 319
