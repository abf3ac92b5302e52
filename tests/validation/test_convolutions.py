"""Convolutions in 64 bits answer as torch's do, and no other call is touched."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from costmodel.validation import convolutions
from costmodel.validation.convolutions import of_doubles, of_pixels


def drawn(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)), dtype=torch.float64)


def differ(found: Tensor, expected: Tensor) -> float:
    """As a share of the largest value: the sums of products come in another order on some processors."""
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.abs().max())


CLIP, FRAME = drawn(2, 6, 7, 8, 9), drawn(2, 6, 8, 9)
CASES: dict[str, tuple[Any, ...]] = {
    "a clip": (functional.conv3d, CLIP, drawn(6, 1, 3, 3, 2), None, (1, 2, 1), (1, 0, 2), (2, 1, 1), 6),
    "a clip, over time": (functional.conv3d, CLIP, drawn(6, 1, 5, 1, 1), drawn(6), 1, (2, 0, 0), 1, 6),
    "a pixel": (functional.conv2d, drawn(2, 6, 1, 1), drawn(6, 1, 5, 5), drawn(6), 1, 2, 1, 6),
    "an edge that no tap but padding's sees": (
        functional.conv2d,
        drawn(2, 6, 3, 2),
        drawn(6, 1, 5, 3),
        None,
        (3, 2),
        (6, 3),
        (2, 3),
        6,
    ),
    "a frame": (functional.conv2d, FRAME, drawn(6, 1, 3, 3), drawn(6), (2, 1), (1, 1), (1, 2), 6),
}
PIXELS: dict[str, tuple[Any, ...]] = {
    "a pixel": (functional.conv2d, drawn(2, 6, 1, 1), drawn(4, 6, 3, 3), drawn(4), 1, 1, 1, 1),
    "two pixels": (functional.conv2d, drawn(2, 6, 1, 2), drawn(4, 6, 3, 3), None, 1, 1, 1, 1),
    "a pixel by strides": (functional.conv2d, drawn(2, 6, 2, 2), drawn(4, 6, 7, 7), drawn(4), 2, 3, 1, 1),
    "pixels that a first tap leaves out": (
        functional.conv2d,
        drawn(1, 6, 1, 2),
        drawn(4, 6, 1, 7),
        None,
        1,
        (0, 3),
        1,
        1,
    ),
    "a clip": (functional.conv3d, drawn(2, 6, 5, 1, 1), drawn(4, 6, 3, 3, 3), drawn(4), 1, 1, 1, 1),
    "a clip by strides": (
        functional.conv3d,
        drawn(1, 6, 7, 1, 2),
        drawn(4, 6, 3, 3, 3),
        None,
        (2, 1, 1),
        1,
        1,
        1,
    ),
    "depthwise": (functional.conv2d, drawn(2, 6, 2, 3), drawn(6, 1, 3, 3), drawn(6), 1, 1, 1, 6),
    "depthwise by strides": (functional.conv2d, drawn(2, 6, 3, 3), drawn(6, 1, 5, 5), None, 2, 2, 1, 6),
}
DENSE: dict[str, tuple[Any, ...]] = {
    "groups": (CLIP, drawn(4, 3, 3, 3, 2), None, (1, 2, 1), (1, 0, 2), (2, 1, 1), 2),
    "strides in time": (CLIP, drawn(4, 6, 4, 1, 1), drawn(4), (3, 1, 1), (2, 0, 0), 1, 1),
    "strides that leave frames": (CLIP, drawn(4, 6, 1, 2, 2), drawn(4), (2, 1, 1), 0, 1, 1),
}
SHARED: dict[str, tuple[Any, ...]] = {
    "all taps": (CLIP, drawn(4, 6, 3, 3, 3), drawn(4), 1, 1, 1, 1),
    "strides in space": (CLIP, drawn(4, 6, 3, 3, 5), None, (1, 2, 3), (2, 0, 2), 1, 1),
    "dilation": (CLIP, drawn(4, 6, 3, 2, 3), drawn(4), (1, 1, 2), (2, 1, 2), (2, 3, 2), 1),
    "one tap in time": (CLIP, drawn(4, 6, 1, 3, 3), drawn(4), 1, (0, 1, 1), 1, 1),
    "one tap in time, padded": (CLIP, drawn(4, 6, 1, 3, 3), drawn(4), 1, 1, 1, 1),
    "nothing padded": (CLIP, drawn(4, 6, 4, 3, 1), None, 1, 0, 1, 1),
}


@pytest.mark.parametrize("case", CASES)
def test_depthwise_ones_answer_tap_by_tap_as_torch_s_do(case: str):
    convolution, *given = CASES[case]
    expected = convolution(*given)
    with of_doubles():
        found = getattr(functional, convolution.__name__)(*given)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) < 1e-14


@pytest.mark.parametrize("case", PIXELS)
def test_those_on_a_few_pixels_answer_as_torch_s_do(case: str):
    convolution, clip, weight, *rest = PIXELS[case]
    for double, most in ((True, 1e-14), (False, 2e-6)):
        clip, weight = (each if double else each.float() for each in (clip, weight))
        given = [each.float() if isinstance(each, Tensor) and not double else each for each in rest]
        with of_doubles() if double else of_pixels():
            # A weight that changes is another one, also where it stays where it is.
            for _ in range(2):
                expected = convolution(clip, weight, *given)
                found = getattr(functional, convolution.__name__)(clip, weight, *given)
                assert found.shape == expected.shape
                assert float((found - expected).abs().max()) <= most * float(expected.abs().max())
                weight.mul_(-2)


@pytest.mark.parametrize("case", PIXELS)
def test_what_is_no_number_is_seen_where_torch_s_show_it(case: str):
    convolution, clip, *given = PIXELS[case]
    for place in range(clip[0, 0].numel()):
        broken = clip.clone()
        broken.flatten(2)[0, :, place] = torch.nan
        expected = convolution(broken, *given)
        with of_doubles():
            assert torch.equal(
                getattr(functional, convolution.__name__)(broken, *given).isnan(), expected.isnan()
            )


def test_what_is_made_of_a_weight_goes_with_it():
    clip, weight = drawn(2, 6, 1, 1), drawn(4, 6, 3, 3)
    with of_doubles():
        functional.conv2d(clip, weight, None, 1, 1, 1, 1)
    assert weight in convolutions._PREPARED
    held = len(convolutions._PREPARED)
    del weight
    assert len(convolutions._PREPARED) < held


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("case", DENSE)
def test_pieces_of_a_clip_answer_as_all_of_it(case: str, at_once: int, monkeypatch: pytest.MonkeyPatch):
    _, weight, _, stride, *_ = DENSE[case]
    columns = weight[0].numel() * -(-8 // stride[1]) * 9
    monkeypatch.setattr(convolutions, "MOST_COLUMNS", at_once * columns)
    expected, runs = functional.conv3d(*DENSE[case]), list[int]()
    honest = functional.conv3d

    def counted(*given: Any) -> Tensor:
        answer = honest(*given)
        runs.append(answer.shape[2])
        return answer

    monkeypatch.setattr(functional, "conv3d", counted)
    with of_doubles():
        found = functional.conv3d(*DENSE[case])
    assert differ(found, expected) < 1e-14
    assert max(runs) <= at_once
    assert len(runs) > 1


@pytest.mark.parametrize("at_once", [1, 2, 5, 100])
@pytest.mark.parametrize("case", SHARED)
def test_taps_in_time_that_share_columns_answer_as_torch_s_do(
    case: str, at_once: int, monkeypatch: pytest.MonkeyPatch
):
    clip, weight, *rest = SHARED[case]
    expected = functional.conv3d(clip, weight, *rest)
    broken = clip.clone()
    broken[1, 2, 3, 4, 5] = torch.nan
    expected_to_broken = functional.conv3d(broken, weight, *rest)
    columns = weight[0, :, 0].numel() * expected[0, 0, 0].numel()
    monkeypatch.setattr(convolutions, "MOST_COLUMNS", 1)
    monkeypatch.setattr(convolutions, "MOST_OF_FRAMES", at_once * columns)
    monkeypatch.setattr(functional, "conv3d", lambda *given: pytest.fail("torch's own"))
    with of_doubles():
        found = functional.conv3d(clip, weight, *rest)
        assert torch.equal(functional.conv3d(broken, weight, *rest).isnan(), expected_to_broken.isnan())
    assert found.is_contiguous()
    assert differ(found, expected) < 1e-14


def test_convolutions_of_32_bits_and_of_frames_are_torch_s_own(monkeypatch: pytest.MonkeyPatch):
    for name in ("_tap_by_tap", "_in_pieces"):
        monkeypatch.setattr(convolutions, name, lambda *given: pytest.fail("taken over"))
    with of_doubles():
        functional.conv3d(CLIP.float(), drawn(6, 1, 3, 3, 2).float(), None, 1, 0, 1, 6)
        functional.conv2d(FRAME, drawn(4, 6, 3, 3))


def test_pixels_of_32_bits_answer_tap_by_tap_as_torch_s_do(monkeypatch: pytest.MonkeyPatch):
    pixel, kernel, bias = drawn(3, 6, 2, 2).float(), drawn(6, 1, 5, 5).float(), drawn(6).float()
    given = pixel, kernel, bias, 2, 2, 1, 6
    expected = functional.conv2d(*given)
    with of_pixels():
        assert float((functional.conv2d(*given) - expected).abs().max()) < 1e-6
        monkeypatch.setattr(convolutions, "_tap_by_tap", lambda given: pytest.fail("taken over"))
        functional.conv2d(drawn(2, 6, 40, 40).float(), kernel, bias, 2, 2, 1, 6)  # of more pixels
        functional.conv2d(pixel, drawn(6, 6, 1, 1).float())
        with pytest.raises(BaseException, match="taken over"):
            functional.conv2d(*given)
