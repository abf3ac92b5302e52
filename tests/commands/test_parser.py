"""The light parser reads every command line as typer's command, made of the same table, does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.exceptions import TyperException
from typer.main import get_command

from commands.command import Command
from commands.help_page import application
from commands.index import COMMANDS
from commands.parser import flags_of, parse
from commands.run import command as found
from costmodel.errors import CostModelError, OptionError, one_line
from costmodel.options import Option, Value


def every_command() -> Iterator[tuple[str, Command]]:
    for name in COMMANDS:
        each = found(name)
        inner = {name: each} if isinstance(each, Command) else each.commands
        yield from ((word if word == name else f"{name} {word}", one) for word, one in inner.items())


EVERY = dict(every_command())


KEPT: list[Mapping[str, Value]] = []
TYPERS = {name: get_command(application(each, "x", KEPT.append)) for name, each in EVERY.items()}


def by_typer(name: str, arguments: list[str]) -> object:
    """The values, or the text of the error."""
    try:
        TYPERS[name](list(arguments), standalone_mode=False)
    except TyperException as error:
        return one_line(" ".join(error.format_message().split()))
    except CostModelError as error:
        return str(error)
    return dict(KEPT.pop())


def by_hand(command: Command, arguments: list[str]) -> object:
    try:
        return dict(parse(command.table, arguments).values)
    except OptionError as error:
        return " ".join(str(error).split())


def words(command: Command) -> st.SearchStrategy[list[str]]:
    """Command lines of its own flags, values that are right or nearly so, and nonsense."""
    flags = [flag for flag in flags_of(command.table) if flag != "--help"]
    choices = sorted({choice for each in command.table for choice in each.choices})
    plain = st.sampled_from(
        ["x3d_m", "0", "1", "-1", "3.5", "nan", "99999", "", "-", "--", "-x", "--pol", "a b"]
    )
    flag = st.sampled_from(flags or ["--x"])
    text = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=6)
    value = st.one_of(plain, st.sampled_from(choices or ["a"]), text)
    joined = st.builds("{}={}".format, flag, value)
    return st.lists(st.one_of(flag, value, joined, st.just("x3d_m")), max_size=6)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_both_parsers_take_the_same_and_refuse_it_with_the_same_words(name: str, data: st.DataObject):
    arguments = data.draw(words(EVERY[name]))
    # as text: a rate of nan, which the command itself refuses, is not equal to itself
    assert repr(by_hand(EVERY[name], arguments)) == repr(by_typer(name, arguments))


@pytest.mark.parametrize("name", EVERY)
def test_both_parsers_have_the_same_defaults(name: str):
    command = EVERY[name]
    places = [each for each in command.table if each.is_required]
    arguments = [
        text
        for each in places
        for text in ([] if each.is_positional else [each.flag]) + [each.choices[0] if each.choices else "1"]
    ]
    values = by_hand(command, arguments)
    assert values == by_typer(name, arguments)
    assert isinstance(values, dict)
    assert set(values) == {each.name for each in command.table}


TABLE = (
    Option("spec", "", is_positional=True, is_required=True, metavar="SPEC"),
    Option("fold", "", bool, False, has_no=True),
    Option("pool", "", int, least=1),
    Option("rate", "", float),
    Option("state", "", default="partial", choices=("partial", "window")),
    Option("set", "", is_repeatable=True),
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'SPEC'."),
        (["a", "b", "c"], "Got unexpected extra argument(s) (b c)"),
        (["a", "--poo"], "No such option: --poo (Possible options: --pool)"),
        (["a", "-pool"], "No such option: -p"),
        (["a", "--pool"], "Option '--pool' requires an argument."),
        (["a", "--fold=1"], "Option '--fold' does not take a value."),
        (["a", "--pool", "0"], "--pool: 0, expected a whole number, 1 or more"),
        (["a", "--pool", "--fold"], "--pool: '--fold', expected a whole number, 1 or more"),
        (["a", "--rate=often"], "--rate: 'often', expected a number"),
        (["a", "--state", "none"], "--state: 'none', expected partial or window"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected(arguments: list[str], message: str):
    with pytest.raises(OptionError) as caught:
        parse(TABLE, arguments)
    assert str(caught.value) == message


def test_the_order_of_options_is_kept_and_the_last_value_counts():
    read = parse(
        TABLE, ["--pool=2", "--fold", "x", "--set", "a=1", "--pool", "3", "--set", "b=2", "--no-fold"]
    )
    assert read.order == ("pool", "fold", "set", "spec")
    assert read.values == {
        "spec": "x",
        "fold": False,
        "pool": 3,
        "rate": None,
        "state": "partial",
        "set": ("a=1", "b=2"),
    }


def test_behind_two_dashes_all_are_arguments():
    assert parse(TABLE, ["--", "--pool"]).values["spec"] == "--pool"


def test_a_value_may_begin_with_a_dash():
    assert parse(TABLE, ["x", "--rate", "-1.5"]).values["rate"] == -1.5
