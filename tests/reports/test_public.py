"""The page of public networks is what the tool makes of their specs, without a difference."""

from pathlib import Path

import pytest

import cli
from costmodel.errors import SpecError
from costmodel.spec.load import read_text
from reports.public import _measured

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_the_docs_is_up_to_date(tmp_path: Path):
    assert cli.main(["report", "public", "--out", str(tmp_path)]) == 0
    made = (tmp_path / "public-networks.md").read_text()
    assert (DOCS / "public-networks.md").read_text() == made, "make it anew: report public --out docs"


def test_no_spec_differs_from_its_network():
    lines = (DOCS / "public-networks.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("|")]
    column = cells[0].index("difference")
    assert {row[column] for row in cells[2:]} == {"0"}


def test_an_unknown_key_is_refused_with_those_known():
    with pytest.raises(SpecError, match="unknown key, expected network, from, spec"):
        _measured(read_text("{network: n, parms: 3}", "public.yaml"))
