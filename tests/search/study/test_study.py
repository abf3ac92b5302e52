"""The study: killed at any moment it resumes to the same decisions; what is not its own stays untouched."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from studies import as_format_1

from costmodel import load
from costmodel.network import Network
from costmodel.spec import document
from costmodel.transforms.causal import Causal
from costmodel.transforms.continual import Continual
from search.methods.run import Judging, run
from search.problem.request import Request, prepare
from search.study.export import export
from search.study.history import (
    candidates_of,
    correlations,
    decisions_of,
    form_of,
    network_of,
    searches_of,
    spearman,
)
from search.study.spec_text import spec_facts
from search.study.store import StudyError, lock
from search.study.study import open_study, read_study

ROOT = Path(__file__).resolve().parents[3]
SEARCH = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from costmodel.network import Network
from costmodel.spec import document
from search.problem.request import Request, prepare
from search.methods.run import Judging, run
from search.study.study import open_study
from search.study.spec_text import spec_facts
spec, study = document(sys.argv[2]), Path(sys.argv[3])
ready = prepare(Request(budget="macs_per_clip<=40x"), Network(spec))
print("ready", flush=True)
with open_study(study, spec_facts(spec)) as opened:
    judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
    for _ in run(ready.problem, ready.steps, judging, ready.options):
        pass
print("done", flush=True)
"""


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


def test_killed_at_many_random_moments_it_ends_as_undisturbed(tiny: Path, tmp_path: Path):
    """Each process is killed at a random moment after it has loaded; the last one may end."""
    undisturbed, disturbed = tmp_path / "whole.db", tmp_path / "killed.db"
    started = time.monotonic()
    search(tiny, undisturbed)
    span, chance = time.monotonic() - started, random.Random(0)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", SEARCH, str(ROOT), str(tiny), str(disturbed)], stdout=subprocess.PIPE
        )
        with process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, span / 2))
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    search(tiny, disturbed)
    assert kills >= 3
    assert decided(disturbed) == decided(undisturbed)
    with read_study(disturbed) as opened:
        candidates = candidates_of(opened)
        assert [row["attempts"] for row in candidates] == [1] * len(candidates)
        assert len({row["candidate"] for row in candidates}) == len(candidates)
        assert len(searches_of(opened)) == 1


class Breaking:
    """A connection that breaks at one statement, as when the power fails."""

    def __init__(self, connection: sqlite3.Connection, left: int) -> None:
        self.connection, self.left = connection, left

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def execute(self, *arguments):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return self.connection.execute(*arguments)


@pytest.mark.parametrize("statement", [1, 2, 4, 7, 9, 12, 16, 25, 40])
def test_broken_off_at_any_statement_it_goes_on(tiny: Path, tmp_path: Path, statement: int):
    whole, broken = tmp_path / "whole.db", tmp_path / "broken.db"
    search(tiny, whole, budget="macs_per_clip<=6x")
    found = document(str(tiny))
    ready = prepare(Request(budget="macs_per_clip<=6x"), Network(found))
    with open_study(broken, spec_facts(found)) as opened:
        opened.connection = Breaking(opened.connection, statement)
        judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
        with pytest.raises(KeyboardInterrupt):
            list(run(ready.problem, ready.steps, judging, ready.options))
    search(tiny, broken, budget="macs_per_clip<=6x")
    assert decided(broken) == decided(whole)


def test_the_same_command_resumes_and_scores_nothing_twice(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    first = search(tiny, study)
    again = search(tiny, study)
    assert not any(known for _, known in first)
    assert all(known for _, known in again)
    with read_study(study) as opened:
        assert all(row["attempts"] == 1 for row in candidates_of(opened))


def test_another_search_in_the_study_reuses_its_candidates(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    with read_study(study) as opened:
        before = len(candidates_of(opened))
    search(tiny, study, budget="macs_per_clip<=5.9x")
    with read_study(study) as opened:
        after = candidates_of(opened)
        assert len(searches_of(opened)) == 2
    assert len({row["candidate"] for row in after}) == len(after)
    assert len(after) - before <= 4  # the contraction alone is new


def untouched(study: Path, expected: str, spec: Path) -> None:
    before = study.read_bytes()
    with pytest.raises(StudyError) as error:
        search(spec, study)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert study.read_bytes() == before
    assert sorted(each.name for each in study.parent.glob("s.db*")) == ["s.db"]


def test_a_study_of_another_spec_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    tiny.write_text(tiny.read_text().replace("channels: 10", "channels: 11"))
    untouched(study, "is a study of another spec, tiny (", tiny)


def test_a_study_of_another_version_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with sqlite3.connect(study) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    untouched(study, "is a study of format 99, this tool reads the formats 1 and 2", tiny)


def test_a_study_of_format_1_is_read_and_never_written(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, [Continual(pool=4)])
    before = decided(study)
    as_format_1(study)
    assert decided(study) == before
    with read_study(study) as opened:
        assert opened.format == 1
        assert {form_of(row) for row in candidates_of(opened)} == {"--continual --pool 4"}
    untouched(study, "is a study of format 1, which is only read, by `study show` and `study export`", tiny)


def test_a_study_of_format_1_does_not_say_which_of_two_forms_a_network_has(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    search(tiny, study, [Continual()], budget="macs_per_clip<=6x")
    with read_study(as_format_1(study)) as opened:
        assert {form_of(row) for row in candidates_of(opened)} == {"unknown"}
        assert correlations(opened) == []


def test_the_winner_is_exported_in_its_own_form(tiny: Path, tmp_path: Path):
    study, out = tmp_path / "s.db", tmp_path / "winner.yaml"
    ((last, _),) = search(tiny, study, [Causal(), Continual()], budget="macs_per_clip<=6x")[-1:]
    with read_study(study) as opened:
        export(opened, None, out)
        made = network_of(
            opened, *((row["settings"], row["transforms"]) for row in candidates_of(opened)).__next__()
        )
    assert load(str(out)).nodes == Network.of(tiny, None, last.design.settings, [Causal()]).graph().nodes
    assert [each.word for each in made.transforms] == ["causal", "continual"]


def test_a_damaged_study_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    content = bytearray(study.read_bytes())
    content[4096:20000] = b"\xff" * (20000 - 4096)
    study.write_bytes(content)
    untouched(study, "is damaged", tiny)


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000])
def test_a_file_that_is_no_study_is_refused_and_untouched(tiny: Path, tmp_path: Path, content: bytes):
    study = tmp_path / "s.db"
    study.write_bytes(content)
    untouched(study, "is no study, or a damaged one", tiny)


def test_a_study_in_use_by_another_process_is_refused_and_untouched(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with lock(study):
        untouched(study, "is in use by another process", tiny)


def test_a_full_disk_is_told_in_one_line_and_the_search_goes_on_later(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    found = document(str(tiny))
    ready = prepare(Request(budget="macs_per_clip<=6x"), Network(found))
    with open_study(study, spec_facts(found)) as opened:
        (pages,) = opened.connection.execute("PRAGMA page_count").fetchone()
        opened.connection.execute(f"PRAGMA max_page_count={pages}")
        judging = Judging(ready.problem, ready.score, 0, opened, None, 2, lambda text: None)
        with pytest.raises(StudyError, match="is full; what was kept"):
            list(run(ready.problem, ready.steps, judging, ready.options))
    whole = tmp_path / "whole.db"
    search(tiny, study, budget="macs_per_clip<=6x")
    search(tiny, whole, budget="macs_per_clip<=6x")
    assert decided(study) == decided(whole)


def test_the_rank_correlation_takes_ties_at_their_mean():
    assert spearman([(1, 1), (2, 2), (3, 3)]) == 1
    assert spearman([(1, 3), (2, 2), (3, 1)]) == -1
    assert spearman([(1, 1), (1, 2), (3, 3)]) == pytest.approx(0.8660254)
    assert spearman([(1, 1), (1, 2)]) is None


def test_scores_are_correlated_with_trained_results(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    with sqlite3.connect(study) as connection:
        connection.execute(
            "INSERT INTO results SELECT 'trained' || address, network, 'train', recipe, seed, -score, '', 1, "
            "1, '{}', '', versions, finished FROM results"
        )
    connection.close()
    with read_study(study) as opened:
        (row,) = correlations(opened)
    assert row["score"] == "entropy"
    assert row["rank_correlation"] == pytest.approx(-1)


def test_networks_of_two_forms_are_never_ranked_beside_each_other(tiny: Path, tmp_path: Path):
    """The trained score of clip networks rises with the entropy here, that of streams falls."""
    study = tmp_path / "s.db"
    search(tiny, study, score="entropy")
    search(tiny, study, [Continual()], score="entropy")
    with sqlite3.connect(study) as connection:
        connection.execute(
            "INSERT INTO results SELECT 'trained' || results.address, network, 'train', recipe, seed, "
            "CASE transforms WHEN '[]' THEN score ELSE 1000 - score END, '', 1, 1, '{}', '', "
            "versions, finished FROM results JOIN networks ON networks.address=network"
        )
    connection.close()
    with read_study(study) as opened:
        rows = {row["form"]: row["rank_correlation"] for row in correlations(opened)}
    assert rows == {"clip": pytest.approx(1), "--continual": pytest.approx(-1)}


def test_show_prints_candidates_and_decisions_as_json(tiny: Path, tmp_path: Path):
    study = tmp_path / "s.db"
    search(tiny, study)
    line = [sys.executable, str(ROOT / "cli.py"), "study", "show", str(study), "--format", "json"]
    shown = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    assert {"step", "axis", "score", "cost"} <= shown["decisions"][0].keys()
    assert {"score", "costs", "settings", "versions", "seconds", "training_macs"} <= shown["candidates"][
        0
    ].keys()
