"""What a file of weights says of itself, written and read back."""

import json

import pytest

from costmodel.errors import WeightsError
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.weights import About, Accuracy, Pixels

SPEC = """
name: tiny
input: {channels: 1, time: frames, height: 8, width: 8, every: 3}
sizes: {frames: 4, classes: 2}
network:
  - conv: {name: stem, channels: 2, kernel: [3, 3, 3]}
  - global_pool
  - linear: {name: fc, channels: classes}
"""


def about(**given) -> About:
    return About(Network(from_text(SPEC, "tiny")).continual(), **given)


def test_all_that_is_said_is_read_back():
    given = about(
        classes=("a", "b"),
        pixels=Pixels(mean=0.5),
        frame_rate=12.5,
        recipe={"name": "x3d", "epochs": 3},
        data={"key": "digits", "given": "digits"},
        seed=1,
        versions={"torch": "2"},
        accuracy=Accuracy(0.5, 0.1, 24),
        answers="last",
        lead=2,
    )
    found = About.from_text(given.to_text())
    assert found.to_text() == given.to_text()
    assert found.network.identity == given.network.identity
    assert json.loads(given.to_text())["every"] == 3


def test_pixels_say_what_the_network_is_fed():
    assert Pixels(mean=0.5, deviation=0.25).fed == (-2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "is of format 2, written by a newer version; this one reads 1"),
        ({"format": None}, "is of format 'None', this version reads 1"),
        ({"classes": "ab"}, "its metadata has no sound 'classes'"),
        ({"classes": [1]}, "its metadata has no sound 'classes'"),
        (
            {"classes": ["a"]},
            "its metadata: `classes` has 1 names, expected one for each of 2 scores",
        ),
        ({"accuracy": {"value": 2, "error": 0, "videos": 1}}, "its metadata has no sound 'accuracy'"),
        (
            {"pixels": {"low": 0, "high": 1, "mean": 0, "deviation": 0}},
            "its metadata has no sound 'pixels'",
        ),
        ({"seed": 1e300}, "its metadata has no sound 'seed'"),
        ({"lead": -1}, "its metadata has no sound 'lead'"),
        (
            {"network": {}},
            "its network cannot be read: network: format None, this tool reads format 1",
        ),
    ],
)
def test_what_is_wrong_is_one_line(change: dict, message: str):
    text = json.dumps(json.loads(about().to_text()) | change)
    with pytest.raises(WeightsError) as error:
        About.from_text(text)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"format": NaN}'])
def test_metadata_that_is_no_json_is_refused(text: str):
    with pytest.raises(WeightsError, match="its metadata is no JSON"):
        About.from_text(text)
