"""What an exported network says of itself, in every form of export."""

import ast
import json
from pathlib import Path

import pytest
import torch

from costmodel.emit import emit
from costmodel.emit.description import as_lines, description
from costmodel.emit.export import ABOUT, export_onnx, export_torch
from costmodel.emit.source import source_text
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.weights import About

SPEC = """
name: tiny
input: {channels: 1, time: 4, height: 6, width: 6, every: 3}
network:
  - conv: {name: stem, channels: 2, kernel: [3, 3, 3]}
  - global_pool
  - linear: {name: fc, channels: 2}
"""
NETWORK = Network(from_text(SPEC, "tiny"))
KNOWN = About(NETWORK, ("a", 'b"""\n'))


def test_a_stream_says_how_late_it_answers_and_what_it_is_fed():
    found = description(NETWORK.continual().graph(), KNOWN)
    figures = [found[name] for name in ("form", "frames", "every", "delay", "lookahead", "warm_up")]
    assert figures == ["stream", 4, 3, 4, 1, 5]
    assert found["input_range"] == [-2, 1 / 0.225 - 2]
    assert found["classes"] == list(KNOWN.classes)
    assert Network.from_dict(found["network"]).identity == NETWORK.identity


def test_the_rate_of_its_frames_is_said_where_its_weights_know_it():
    found = description(NETWORK.graph(), About(NETWORK, frame_rate=25 / 3))
    assert found["frame_rate"] == 25 / 3
    assert as_lines(found)[0] == "It sees one camera frame in 3, 8.333 frames a second."


def test_a_network_that_leaves_no_frame_out_sees_every_one():
    every = Network(from_text(SPEC.replace(", every: 3", ""), "tiny"))
    assert as_lines(description(every.graph(), About(every, frame_rate=25)))[0] == (
        "It sees every camera frame, 25 frames a second."
    )


def test_what_is_not_known_is_left_out():
    found = description(NETWORK.graph())
    assert found.keys() == {"name", "form", "frames", "every", "delay", "lookahead", "warm_up"}
    assert found["warm_up"] is None
    assert as_lines(found) == ["It sees one camera frame in 3."]


def test_a_stream_that_remembers_for_ever_is_never_warm():
    spec = SPEC.replace(
        "  - global_pool",
        "  - avg_pool: {kernel: [1, 6, 6], stride: [1, 6, 6], padding: [0, 0, 0]}\n  - lstm: {channels: 2}",
    )
    found = description(Network(from_text(spec, "tiny")).continual().graph())
    assert found["warm_up"] is None
    assert "never free of the first frame" in as_lines(found)[1]


def test_source_says_it_in_its_docstring_whatever_classes_are_called():
    told = ast.get_docstring(ast.parse(source_text(NETWORK.continual().graph(), KNOWN))) or ""
    assert "Delay 4 frames, lookahead 1, warm after 5 frames." in told
    assert "it is fed values from -2 to 2.444." in told
    assert 'Classes, in the order of the scores: a, b"""' in told


@pytest.mark.filterwarnings("ignore")
def test_programs_say_it_too(tmp_path: Path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    network = emit(NETWORK.continual().graph())
    expected = description(network.graph, KNOWN)
    export_onnx(network, tmp_path / "n.onnx", about=KNOWN)
    props = {each.key: each.value for each in onnx.load(tmp_path / "n.onnx").metadata_props}
    assert (props.pop("name"), props.pop("form")) == ("tiny", "stream")
    assert {name: json.loads(value) for name, value in props.items()} == {
        name: value for name, value in expected.items() if name not in ("name", "form")
    }
    export_torch(network, tmp_path / "n.pt2", about=KNOWN)
    extra = {ABOUT: ""}
    torch.export.load(tmp_path / "n.pt2", extra_files=extra)
    assert json.loads(extra[ABOUT]) == json.loads(json.dumps(expected))
