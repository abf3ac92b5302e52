"""Transforms on the command line: in the order given, each with its own options alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest
from typer.main import get_command

from commands.command import Command
from commands.help_page import application
from commands.options import SPEC
from commands.parser import parse
from commands.transforms import asked, transform_options
from costmodel.errors import CostModelError, OptionError
from costmodel.options import Value
from costmodel.transforms import TRANSFORMS, Transform, option


@pytest.fixture
def mirror() -> Iterator[type[Transform]]:
    """A transform that shares an option with another, registered for one test."""

    @dataclass(frozen=True)
    class Mirror(Transform):
        word: ClassVar[str] = "mirror-time"
        about: ClassVar[str] = "The network backwards."
        needs: ClassVar[Literal["clip", "stream", "any"]] = "any"
        excite: str = option("frame", "Over what it pools.", choices=("frame", "never"))
        weight: int = option(1, "How much.", least=1)

    transform_options.cache_clear()
    yield Mirror
    del TRANSFORMS["mirror-time"]
    transform_options.cache_clear()


@pytest.fixture
def cut() -> Iterator[type[Transform]]:
    """A transform whose word takes a value, and that has an option beside it; registered for one test."""

    @dataclass(frozen=True)
    class Cut(Transform):
        word: ClassVar[str] = "cut-at"
        about: ClassVar[str] = "A part of the network."
        cut_at: int = option(3, "Where it ends.", least=0)
        keeping: int = option(1, "How much.", least=1)

    transform_options.cache_clear()
    yield Cut
    del TRANSFORMS["cut-at"]
    transform_options.cache_clear()


def made(*arguments: str, has: tuple[str, ...] = (), implied: tuple[str, ...] = ()) -> list[str]:
    given = parse((SPEC, *transform_options(has)), ("x3d", *arguments))
    return [each.flags for each in asked(given, [*implied, *has])]


def test_transforms_stand_in_the_order_of_the_command_line(mirror: type[Transform]):
    assert made("--fold", "--mirror-time", "--continual") == ["--fold", "--mirror-time", "--continual"]
    assert made("--continual", "--pool=3", "--mirror-time", "--fold") == [
        "--continual --pool 3",
        "--mirror-time",
        "--fold",
    ]


def test_one_flag_of_two_transforms_goes_to_both(mirror: type[Transform]):
    assert made("--excite=never", "--mirror-time") == ["--mirror-time --excite never"]
    with pytest.raises(OptionError, match=r"^--excite: 'never', expected frame or clip$"):
        made("--excite=never", "--continual")


def test_an_option_without_its_transform_names_those_that_take_it(mirror: type[Transform]):
    for arguments, message in (
        ("--pool=3", "--pool: is for streams; add --continual"),
        ("--weight=3", "--weight: is an option of --mirror-time; add it"),
        ("--excite=clip", "--excite: is an option of --continual or --mirror-time or --unpad; add it"),
    ):
        with pytest.raises(OptionError) as caught:
            made(arguments, "--fold")
        assert str(caught.value) == message


def test_a_word_takes_its_value_in_its_place_in_the_order(cut: type[Transform]):
    assert made("--fold", "--cut-at", "5", "--continual") == ["--fold", "--cut-at 5", "--continual"]
    assert made("--cut-at=0", "--keeping=2", "--fold") == ["--cut-at 0 --keeping 2", "--fold"]
    assert made("--fold", implied=("cut-at",)) == ["--fold", "--cut-at 3"]


def test_a_word_with_a_wrong_value_or_none_is_refused(cut: type[Transform]):
    for arguments, message in (
        (("--cut-at=x",), "--cut-at: 'x', expected a whole number, 0 or more"),
        (("--cut-at",), "Option '--cut-at' requires an argument."),
        (("--cut-at=3", "--cut-at=4"), "--cut-at: stands twice, expected once at most"),
        (("--keeping=2",), "--keeping: is an option of --cut-at; add it"),
    ):
        with pytest.raises(OptionError) as caught:
            made(*arguments)
        assert str(caught.value) == message


def test_both_parsers_read_a_word_that_takes_a_value(cut: type[Transform]):
    command = Command(lambda **_: None, "x", takes="spec")
    for arguments in (["x"], ["x", "--cut-at", "5"], ["--cut-at=0", "x", "--keeping", "2"]):
        kept: list[Mapping[str, Value]] = []
        get_command(application(command, "x", kept.append))(arguments, standalone_mode=False)
        assert kept == [parse(command.table, arguments).values]


def test_what_cannot_be_composed_is_one_line(capsys: pytest.CaptureFixture[str]):
    @dataclass(frozen=True)
    class Clipped(Transform):
        word: ClassVar[str] = "clipped"
        about: ClassVar[str] = "Changes a clip."

    transform_options.cache_clear()
    try:
        with pytest.raises(CostModelError, match="--clipped: changes a clip network; give it ahead of"):
            made("--continual", "--clipped")
    finally:
        del TRANSFORMS["clipped"]
        transform_options.cache_clear()
