"""What is compiled for one layout in memory is given its inputs in no other."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from costmodel.emit.strides import InLayout, dense

LAYOUTS: list[Callable[[Tensor], Tensor]] = [
    Tensor.contiguous,
    lambda given: given.contiguous(memory_format=torch.channels_last),
    lambda given: torch.stack((given, given), 2)[:, :, 1],
    lambda given: given.transpose(-1, -2).contiguous().transpose(-1, -2),
]


def values() -> tuple[Tensor, tuple[Tensor, ...]]:
    return torch.randn(2, 3, 4, 5), (torch.randn(2, 3, 4, 5), torch.randn(1, 7))


def compiled(inputs: tuple[Tensor, tuple[Tensor, ...]]) -> Callable[..., tuple[Tensor, Tensor]]:
    """What reads its inputs by the strides of these, as code does that was compiled for them."""
    frame, (kept, _) = inputs
    strides = frame.stride(), kept.stride()

    def run(frame: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        read = (
            each.as_strided((2, 3, 4, 5), by) for each, by in zip((frame, state[0]), strides, strict=True)
        )
        first, second = read
        return first + second, state[1]

    return run


@pytest.mark.parametrize("own", LAYOUTS)
@pytest.mark.parametrize("other", LAYOUTS)
def test_any_layout_is_read_as_that_which_was_compiled_for(
    own: Callable[[Tensor], Tensor], other: Callable[[Tensor], Tensor]
):
    frame, (kept, rest) = values()
    inputs = dense((own(frame), (own(kept), rest)))
    found, same = InLayout(compiled(inputs), inputs)(other(frame), (other(kept), rest))
    assert torch.equal(found, frame + kept)
    assert torch.equal(same, rest)


def test_what_lies_as_it_should_is_not_copied():
    inputs = dense(values())
    run = InLayout(lambda frame, state: (frame, *state), inputs)
    frame, state = values()
    assert all(map(Tensor.is_set_to, run(frame, state), (frame, *state)))


def test_strides_of_axes_of_one_place_do_not_matter():
    one = torch.randn(1, 3, 4, 5)
    given = one.as_strided(one.shape, (7, *one.stride()[1:]))
    run = InLayout(lambda frame: frame, (one,))
    assert run(given) is given


def test_inputs_have_no_gaps():
    gaps = torch.randn(2, 3, 8, 4, 5)[:, :, 3]
    laid, (kept, _) = dense((gaps, (gaps.contiguous(memory_format=torch.channels_last), gaps[:1, 0, 0])))
    assert laid.is_contiguous()
    assert kept.is_contiguous(memory_format=torch.channels_last)
