"""A short spec reads back as the network that it was made of; where it would not, it is a flat one."""

from __future__ import annotations

import textwrap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from modules_of_specs import INPUT, in_random_modules, rewritten
from torch import Tensor, nn

from costmodel.graph import Graph
from costmodel.importers import read_module
from costmodel.importers.blocks import write, written
from costmodel.importers.blocks.write import NOT_SHORT, read_back
from costmodel.spec import document, elaborate, from_text, shipped_names
from costmodel.spec.document import shipped_folder
from costmodel.spec.write import dump

# shipped networks, and the specs of their families
SHIPPED = {
    "x3d_s": "x3d",
    "slowfast": "slowfast",
    "s3d": "s3d",
    "r2plus1d": "r2plus1d",
    "mfnet_3d": "mfnet_3d",
}

LONGEST = 400  # layers of a network that is tried


def again(text: str) -> Graph:
    return elaborate(from_text(text, "again"))


class Residual(nn.Module):
    def __init__(self, channels: int, out: int, stride: int, gated: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, out, 3, (1, stride, stride), 1, bias=False)
        self.bn1 = nn.BatchNorm3d(out)
        self.gate = Squeeze(out) if gated else nn.Identity()
        self.conv2 = nn.Conv3d(out, out, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn2, self.relu = nn.BatchNorm3d(out), nn.ReLU()
        self.skip = nn.Identity()
        if stride > 1:
            self.skip = nn.Sequential(
                nn.Conv3d(channels, out, 1, (1, stride, stride), bias=False), nn.BatchNorm3d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.gate(self.relu(self.bn1(self.conv1(x))))
        return self.relu(self.bn2(self.conv2(y)) + self.skip(x))


class Squeeze(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv3d(channels, 8, 1), nn.Conv3d(8, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3, 4), keepdim=True)))))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(3, 16, 1)
        self.res1 = nn.Sequential(*[Residual(16, 16, 1, gated=i % 2 == 0) for i in range(3)])
        down = Residual(16, 32, 2, gated=True)
        self.res2 = nn.Sequential(down, *[Residual(32, 32, 1, gated=i % 2 == 1) for i in range(3)])
        self.fc = nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.res2(self.res1(self.stem(x))).mean((2, 3, 4)))


def test_a_module_is_written_as_a_person_would_write_it():
    read = read_module(Net(), (1, 3, 4, 8, 8), "net")
    assert read.text == textwrap.dedent(
        """\
        name: net
        input: {channels: 3, time: frames, height: crop, width: crop}
        sizes: {frames: 4, crop: 8, classes: 5}
        axes:
          Frames: {moves: frames, bounds: [1, 32]}
          Crop: {moves: crop, factor: 1.41421356, bounds: [2, 32]}
        blocks:
          squeeze:
            args: {out: in_channels}
            layers:
              - global_pool
              - conv: {name: fc1, channels: 8, bias: true}
              - relu
              - conv: {name: fc2, channels: out, bias: true}
              - sigmoid: {as: sigmoid}
              - gate: {from: [in, sigmoid]}
          residual:
            args: {out: ~, stride: 1, squeeze: i % 2 == 0, skip: false}
            layers:
              - conv: {name: conv1, channels: out, kernel: [3, 3, 3], stride: [1, stride, stride]}
              - bn: {name: bn1}
              - relu
              - squeeze: {name: gate, when: squeeze}
              - conv: {name: conv2, channels: out, kernel: [3, 1, 1]}
              - bn: {as: bn2}
              - conv: {name: skip.0, from: in, channels: out, stride: [1, stride, stride], when: skip}
              - bn: {as: skip.1, when: skip}
              - add: {from: [bn2, skip.1]}
              - relu
        network:
          - conv: {name: stem, channels: 16, bias: true}
          - residual: {name: res1, out: 16, repeat: 3}
          - residual: {name: res2, out: 32, repeat: 4, first: {stride: 2, skip: true}}
          - global_pool
          - linear: {name: fc, channels: classes}
        """
    )
    assert again(read.text).nodes == read.graph.nodes
    assert read.written_as(is_flat=True).text == dump(read.graph)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_reads_back_and_is_short(name: str):
    graph = elaborate(document(name))
    found = rewritten(graph)
    assert found.notes == ()
    assert again(found.text).nodes == graph.nodes
    own = (shipped_folder() / f"{SHIPPED[name]}.yaml").read_text()
    assert found.text.count("\n") <= 1.5 * own.count("\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in shipped_names() if not name.startswith("x3d_")])
def test_every_variant_of_every_shipped_network_reads_back(name: str):
    spec = document(name)
    variants = (elaborate(spec, each) for each in (None, *spec.sections["variants"]))
    graphs = {graph.nodes: graph for graph in variants if len(graph.nodes) < LONGEST}
    for graph in graphs.values():
        assert NOT_SHORT not in rewritten(graph).notes


# each row: out, repeats, whether the first projects, which blocks have a gate
ROWS = st.lists(
    st.tuples(st.sampled_from([4, 8, 24]), st.integers(1, 4), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)
BLOCKS = """
blocks:
  pair:
    args: {out: ~, time: 1}
    layers:
      - conv: {name: space, channels: out, kernel: [1, 3, 3]}
      - conv: {channels: out, kernel: [time, 1, 1]}
  row:
    args: {out: ~, project: false, gated: false, groups: 1}
    layers:
      - pair: {name: one, out: 2 * out, time: "3 if gated else 1"}
      - squeeze_excite: {when: gated}
      - pair: {name: two, out: out}
      - bn: {as: main}
      - conv: {name: skip, from: in, channels: out, groups: groups, when: project}
      - bn: {as: skip_bn, when: project}
      - add: {from: [skip_bn, main]}
"""


@given(rows=ROWS, frees_width=st.booleans())
@settings(max_examples=12, deadline=None)
def test_random_networks_read_back(rows: list[tuple[int, int, bool, int]], frees_width: bool):
    calls = "".join(
        f"  - row: {{name: res{place}, out: {out}, repeat: {repeat}, gated: i % 4 >= {gated}, "
        f"project: {projects:d}, first: {{project: true}}}}\n"
        for place, (out, repeat, projects, gated) in enumerate(rows)
    )
    graph = elaborate(
        from_text(f"{INPUT}{BLOCKS}network:\n{calls}  - global_pool\n  - linear: {{channels: 3}}\n")
    )
    found = rewritten(graph, frees_width=frees_width)
    assert found.notes == ()
    assert again(found.text).nodes == graph.nodes


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        pytest.param(name, seed, marks=[pytest.mark.slow] if seed > 1 else [])
        for name in ("r3d_18", "shufflenet_v2_3d", "slowfast")
        for seed in range(20)
    ],
)
def test_modules_that_nobody_would_write_read_back(name: str, seed: int):
    whole = elaborate(document(name))
    part = Graph(name, whole.source, whole.nodes[:60])
    graph, owners = in_random_modules(part, seed)
    found = written(graph, owners, frees_width=bool(seed % 2))
    assert NOT_SHORT not in found.notes
    assert again(found.text).nodes == graph.nodes


def test_what_would_read_back_as_another_network_is_flat(monkeypatch: pytest.MonkeyPatch):
    graph = elaborate(document("r3d_18"))
    monkeypatch.setattr(write, "lines", lambda rows, source, indent: ["  - relu"])
    assert rewritten(graph) == write.Written(dump(graph), (NOT_SHORT,))


def test_another_name_or_wire_is_another_network():
    graph = again(f"{INPUT}network: [relu, {{bn: {{name: a}}}}]")
    assert read_back(f"{INPUT}network: [{{relu: {{as: relu}}}}, {{bn: {{name: a}}}}]", graph) is not None
    assert read_back(f"{INPUT}network: [relu, {{bn: {{name: b}}}}]", graph) is None
    assert read_back(f"{INPUT}network: [relu, {{bn: {{name: a, from: input}}}}]", graph) is None
    assert read_back(f"{INPUT}network: [relu, {{bm: {{name: a}}}}]", graph) is None
