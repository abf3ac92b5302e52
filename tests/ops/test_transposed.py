"""Transposed convolutions enlarge each frame alone, and refuse to make frames."""

import pytest

from costmodel.errors import ShapeError
from costmodel.ops import ConvTranspose
from tests.shared.emitted import assert_near, chain, clip_network, frames, stream_network


def test_a_stream_answers_as_the_clip_does():
    graph = chain(ConvTranspose(channels=6, kernel=(1, 3, 3), stride=(1, 2, 2), groups=2, bias=True))
    stream, clip = stream_network(graph), frames(graph, 12)
    outputs, _ = stream.forward_steps(clip)
    assert outputs.shape[-2:] == (13, 13)
    assert_near(outputs, clip_network(graph)(clip))


@pytest.mark.parametrize("fields", [{"kernel": (2, 2, 2)}, {"stride": (2, 2, 2)}, {"padding": (1, 0, 0)}])
def test_time_is_refused_with_what_to_do(fields: dict[str, tuple[int, int, int]]):
    with pytest.raises(ShapeError) as error:
        chain(ConvTranspose(channels=4, **{"kernel": (1, 2, 2), **fields}))
    assert str(error.value) == (
        "layer0: a transposed convolution in time makes frames that a stream has not; give time a kernel "
        "of 1, a stride of 1 and no padding, such as `kernel: [1, 2, 2], stride: [1, 2, 2]`"
    )


def test_more_padding_of_the_output_than_its_stride_is_named():
    with pytest.raises(ShapeError, match="output_padding is 2 in height, expected less than its stride"):
        chain(ConvTranspose(channels=4, kernel=(1, 2, 2), stride=(1, 2, 2), output_padding=(0, 2, 0)))
