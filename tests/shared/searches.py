"""Searches in this process on a network that takes no time, and what their study must be."""

from pathlib import Path

import pytest

from costmodel.network import Network
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.study.history import (
    decisions_of,
)
from search.study.spec_text import spec_facts
from search.study.store import StudyError
from search.study.study import open_study, read_study


def search(spec: Path, study: Path, transforms=(), **options):
    network = Network.of(spec, transforms=transforms)
    ready = prepare(Request(**{"budget": "macs_per_clip<=40x", **options}), network)
    with open_study(study, spec_facts(network.document)) as opened:
        judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
        return list(run(ready.problem, ready.steps, judging, ready.options))


def decided(study: Path):
    with read_study(study) as opened:
        return [
            {key: value for key, value in row.items() if key != "decided"} for row in decisions_of(opened)
        ]


def untouched(study: Path, expected: str, spec: Path) -> None:
    before = study.read_bytes()
    with pytest.raises(StudyError) as error:
        search(spec, study)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert study.read_bytes() == before
    assert sorted(each.name for each in study.parent.glob("s.db*")) == ["s.db"]
