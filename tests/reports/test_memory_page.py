"""The memory report as files: a drawing and tables, the same bytes every time."""

from costmodel import Graph, Node, TensorType, load
from costmodel.graph import INPUT
from costmodel.ops import Conv, Linear
from costmodel.transforms.continual import Continual
from reports.memory import MemoryReport
from reports.memory_page import by_stage, files_of


def report(variant: str = "M", *, stream: bool = True, **options: object) -> MemoryReport:
    return MemoryReport(load("x3d", variant=variant), Continual(**options), stream)


def test_a_drawing_shows_state_by_stage_and_kind():
    table = by_stage(report().layers, is_stream=True)
    assert list(table.index) == ["conv1_t", "res2", "res3", "res4", "res5", "pool5"]
    assert dict(table.sum()) == {"temporal convolutions": 4_294_752, "delays": 978_432, "pools": 6_480}


def test_all_files_come_out_the_same_twice():
    first, second = files_of(report("XS")), files_of(report("XS"))
    assert first == second
    assert {"memory.csv", "clips.csv", "traffic.csv", "memory.md", "memory.png", "memory.svg"} <= set(first)
    assert first["memory.png"].startswith(b"\x89PNG")
    assert b"</svg>" in first["memory.svg"]


def test_a_network_that_cannot_run_frame_by_frame_has_a_report_of_its_clip():
    from costmodel.ops import Flatten

    nodes = (Node("flat", Flatten(), (INPUT,)), Node("end", Linear(channels=3), ("flat",)))
    made = MemoryReport(Graph("flat", TensorType(2, 4, 3, 3), nodes), Continual(), is_stream=False)
    assert made.needs_less_from is None
    assert b"Not frame by frame: flat: flatten needs all 4 frames" in files_of(made)["memory.md"]


def test_a_network_without_state_has_a_report():
    nodes = (Node("conv", Conv(channels=3), (INPUT,)),)
    made = MemoryReport(Graph("still", TensorType(2, 4, 3, 3), nodes), Continual(), is_stream=True)
    assert made.layers.empty
    assert b"frame by frame" in files_of(made)["memory.md"]
