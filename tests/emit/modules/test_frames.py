"""Chunks of frames lie in memory so that their frames are images without a copy."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from costmodel.emit.modules.frames import as_chunk, as_images, in_time, written


def images(count: int, layout: torch.memory_format = torch.channels_last) -> list[Tensor]:
    made = torch.randn(count, 2, 4, 5, 6, generator=torch.Generator().manual_seed(1))
    return [each.contiguous(memory_format=layout) for each in made]


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_frames_in_time_are_a_stack_with_channels_last(layout: torch.memory_format):
    given = images(3, layout)
    chunk = in_time(given)
    assert torch.equal(chunk, torch.stack(given, 2))
    assert chunk.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_maps_are_written_as_they_are(layout: torch.memory_format):
    given = torch.stack(images(3, layout)).unbind(0)[1]  # somewhere in the memory of others
    assert torch.equal(written(given), given)
    assert written(given).is_contiguous(memory_format=torch.channels_last)


def test_a_chunk_and_its_images_share_their_memory():
    chunk = in_time(images(3))
    frames_of_it = as_images(chunk)
    assert frames_of_it.data_ptr() == chunk.data_ptr()
    assert frames_of_it.is_contiguous(memory_format=torch.channels_last)
    assert as_chunk(frames_of_it, 2).data_ptr() == chunk.data_ptr()
    assert torch.equal(as_chunk(frames_of_it, 2), chunk)
