"""The page of layers is complete and up to date; making it loads each of its examples."""

from pathlib import Path

import cli
from costmodel.ops import OPS
from reports.layer_examples import EXAMPLES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_the_docs_is_up_to_date(tmp_path: Path):
    assert cli.main(["report", "layers", "--out", str(tmp_path)]) == 0
    made = (tmp_path / "layers.md").read_text()
    assert (DOCS / "layers.md").read_text() == made, "make it anew: report layers --out docs"


def test_every_layer_is_on_the_page():
    rows = [
        line.split("|")[1].strip() for line in (DOCS / "layers.md").read_text().splitlines() if "|" in line
    ]
    assert [word for word in OPS if f"`{word}`" not in rows] == []


def test_examples_are_of_layers_that_there_are():
    assert EXAMPLES.keys() <= OPS.keys()
