"""Networks that memory cannot hold are refused ahead of the work, with the size that fits."""

import re

import pytest

from cli import main
from costmodel import continual, load
from costmodel.validation import maps, needs, room
from costmodel.validation.maps import small
from costmodel.validation.needs import needed_bytes
from costmodel.validation.room import GIB, RoomError, must_fit


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch):
    def give(number: float) -> None:
        for module in (maps, needs, room):
            monkeypatch.setattr(module, "at_hand", lambda: number)

    return give


def test_a_network_that_takes_no_small_maps_is_refused_with_a_crop_that_fits(
    at_hand, capsys: pytest.CaptureFixture[str]
):
    at_hand(6 * GIB)
    assert main(["validate", "s3d", "--variant", "S3D", "--continual"]) == 2
    told = capsys.readouterr().err
    expected = (
        r"error: s3d S3D: needs about \d+\.\d GiB, 6\.0 GiB are at hand: "
        r"validate at --set crop=(\d+), which fits\n"
    )
    (crop,) = map(int, re.findall(expected, told))
    must_fit(continual(load("s3d", variant="S3D", crop=crop)))
    with pytest.raises(RoomError):
        must_fit(continual(load("s3d", variant="S3D", crop=crop + 32)))


def test_a_network_that_fits_at_no_crop_says_how_many_parameters_do(at_hand):
    at_hand(280_000)
    with pytest.raises(RoomError, match=r"its 16,412 parameters alone need more, a network of 10,000 fits$"):
        must_fit(load("digits"))


def test_outputs_go_to_smaller_maps_where_memory_is_short(at_hand):
    stream = continual(load("x3d", variant="XS"))
    at_hand(needed_bytes(small(stream)) - 1)
    smaller = small(stream)
    assert smaller.source.height < 40
    assert "too much memory" in maps.cut_down(smaller)
    must_fit(stream)


def test_memory_bounds_a_large_network_and_no_small_one(at_hand):
    at_hand(5 * GIB)
    assert room.is_tight(continual(load("densenet_3d", variant="DenseNet-264", crop=64)))
    assert not room.is_tight(continual(load("x3d_s", crop=64)))
    at_hand(1.5 * needed_bytes(small(load("x3d_s", crop=64))))
    assert room.is_tight(load("x3d_s", crop=64))
    # Of its outputs a part is compared, but for want of time: there is more than that takes.
    at_hand(100 * GIB)
    assert not room.is_tight(continual(load("densenet_3d", variant="DenseNet-264", crop=64)))


def test_what_is_needed_counts_weights_and_the_frames_of_a_stream():
    graph = load("x3d", variant="XS")
    assert needed_bytes(continual(graph)) > needed_bytes(graph) > 28 * 3_000_000
    assert needs.at_hand() > 2**20
