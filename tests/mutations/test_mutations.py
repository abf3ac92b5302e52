"""`validate` sees every rule that is broken: not a unit test that knows the rule, the command itself."""

from pathlib import Path

import pytest
from broken import Mutant, load, seen
from mutants import MUTANTS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "broken-rules.md"
LEAST = 60  # that are caught


@pytest.fixture(scope="module")
def loaded() -> None:
    load()


def arguments(mutant: Mutant) -> tuple[str, ...]:
    return (str(HERE / "networks" / f"{mutant.network}.yaml"), *mutant.options.split())


def row(mutant: Mutant, figures: str) -> str:
    """The line of the page for a broken rule."""
    call = " ".join(filter(None, (mutant.network, mutant.options)))
    return f"| {mutant.name.replace('|', '/')} | `{call}` | {figures} |"


@pytest.mark.slow
@pytest.mark.parametrize("call", sorted({arguments(each) for each in MUTANTS}), ids=" ".join)
def test_the_networks_hold(loaded: None, call: tuple[str, ...]) -> None:
    answer = seen(call)
    assert (answer.code, answer.differ) == (0, ()), answer.said


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_broken_rule_is_seen(loaded: None, mutant: Mutant) -> None:
    answer = seen(arguments(mutant), mutant)
    # with -s, the lines of the page
    print(row(mutant, mutant.survives or ", ".join(f"`{each}`" for each in answer.differ[:3])))
    assert answer.is_caught == (not mutant.survives), answer.said


def test_the_page_tells_of_all() -> None:
    told = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][2:]
    assert [line.split(" | ")[:2] for line in told] == [row(each, "").split(" | ")[:2] for each in MUTANTS]
    assert {each.survives for each in MUTANTS if each.survives} <= {
        line.split(" | ")[2].removesuffix(" |") for line in told
    }


def test_every_rule_stands_where_it_is_to_be_broken() -> None:
    for each in MUTANTS:  # else it would be found out only by the slow tests
        path = HERE.parents[1] / (each.module.replace(".", "/") + ".py")
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        assert path.read_text().count(each.right) == 1, each.name


def test_enough_are_caught() -> None:
    assert sum(not each.survives for each in MUTANTS) >= LEAST
