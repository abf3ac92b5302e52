"""Names tell modules: what holds numbered things alone is a row, and no module."""

from __future__ import annotations

from modules_of_specs import INPUT

from costmodel.importers.blocks import owners_by_name, written
from costmodel.spec import document, elaborate, from_text


def test_a_path_is_a_module_and_its_name_without_a_number_its_class():
    layers = ", ".join(
        f"{{relu: {{name: {name}}}}}" for name in ("stem", "res1.0.act", "res1.0.gate.0", "x.y")
    )
    graph = elaborate(from_text(f"{INPUT}network: [{layers}]"))
    assert owners_by_name(graph) == {
        "stem": [],
        "res1.0.act": [("res1.0", "res")],
        "res1.0.gate.0": [("res1.0", "res")],
        "x.y": [("x", "x")],
    }


def test_blocks_are_found_by_names_alone():
    graph = elaborate(document("r3d_18"))
    text = written(graph, owners_by_name(graph)).text
    assert "  - layer: {name: layer1, out: 64, repeat: 2}" in text
    assert text.count("\n") < 40
