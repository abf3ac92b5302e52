"""Graphs as GraphML and DOT hold the figures."""

import xml.etree.ElementTree as ElementTree

from costmodel import continual, load
from reports.graphs import graph_text


def test_graphml_and_dot_hold_the_graph_with_its_figures():
    nodes = ElementTree.fromstring(graph_text(load("x2d"), "graphml")).findall(".//{*}node")
    assert {"input", "conv1_s"} <= {node.get("id") for node in nodes}
    out = graph_text(continual(load("x2d")), "dot")
    assert out.startswith('digraph "x2d" {')
    assert '"conv1_s" [label="conv1_s\\nConv\\n24x1x56x56\\n648' in out.replace("op ", "").replace(
        "type ", ""
    ).replace("params ", "")
