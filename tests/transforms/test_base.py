"""What a transform is: options, sizes, text form, and what may follow what."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import pytest
import sympy

import costmodel.transforms
from costmodel.errors import OptionError, TransformError
from costmodel.transforms import TRANSFORMS, Transform, composed, option, transform_from
from costmodel.transforms.continual import Continual
from costmodel.transforms.fold import Fold


@pytest.fixture(scope="module")
def slower() -> type[Transform]:
    @dataclass(frozen=True)
    class Slower(Transform):
        word: ClassVar[str] = "slower"
        needs: ClassVar[Literal["clip", "stream", "any"]] = "stream"
        times: int = option(2, "How many times slower.", least=1, most=9, unit="frames", is_size=True)
        loudly: bool = option(True, "Whether it says so.")
        way: str = option("a b", "Which way.")

    del TRANSFORMS["slower"]
    return Slower


def test_every_file_of_a_transform_is_found():
    folder = Path(costmodel.transforms.__file__).parent
    declared = {path.stem for path in folder.glob("*.py") if "(Transform)" in path.read_text()}
    assert {cls.__module__.rpartition(".")[2] for cls in TRANSFORMS.values()} == declared
    assert set(TRANSFORMS) >= {"continual", "fold"}


@pytest.mark.parametrize("cls", TRANSFORMS.values(), ids=TRANSFORMS)
def test_every_transform_says_what_it_is(cls: type[Transform]):
    assert cls.about.endswith(".")
    assert cls.about
    assert all(each.help.endswith(".") for each in cls.options())
    own = cls.own_option()
    assert cls().flags == (f"--{cls.word}" if own is None else f"--{cls.word} {own.default or repr('')}")
    assert transform_from(cls().to_dict()) == cls()


def test_a_word_may_take_a_value_and_options_beside_it():
    @dataclass(frozen=True)
    class Cut(Transform):
        word: ClassVar[str] = "cut-at"
        cut_at: int = option(3, "Where.", least=1)
        deep: bool = option(False, "How.")

    del TRANSFORMS["cut-at"]
    own = Cut.own_option()
    assert own is not None
    assert own.name == "cut_at"
    assert Cut().flags == "--cut-at 3"
    assert Cut(cut_at=5, deep=True).flags == "--cut-at 5 --deep"
    assert Cut.of({"cut_at": 5}).to_dict() == {"transform": "cut-at", "cut_at": 5, "deep": False}
    with pytest.raises(OptionError, match="--cut-at: 0, expected a whole number, 1 or more"):
        Cut(cut_at=0)


def test_options_have_the_names_of_the_fields(slower: type[Transform]):
    assert [each.name for each in slower.options()] == ["times", "loudly", "way"]
    assert slower().sizes == {"times": 2}


def test_its_text_form_has_what_differs(slower: type[Transform]):
    made = slower.of({"times": 3, "loudly": False, "way": "c d"})
    assert made.flags == "--slower --times 3 --no-loudly --way 'c d'"
    assert made.to_dict() == {"transform": "slower", "times": 3, "loudly": False, "way": "c d"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"times": 10}, "--times: 10, expected 1 to 9 frames"),
        ({"times": True}, "--times: True, expected 1 to 9 frames"),
        ({"times": [3]}, "--times: .3., expected 1 to 9 frames"),
        ({"time": 3}, "slower: unknown option 'time' .did you mean 'times'"),
    ],
)
def test_a_wrong_option_is_named(slower: type[Transform], values: dict[str, object], message: str):
    with pytest.raises(OptionError, match=message):
        slower.of(values)  # type: ignore[arg-type]


def test_a_size_may_be_a_symbol_and_another_option_not(slower: type[Transform]):
    times = sympy.Symbol("times", integer=True, positive=True)
    assert slower.of({"times": times}).sizes["times"] is times
    with pytest.raises(OptionError, match="--way: times, expected text"):
        slower.of({"way": times})


def test_what_needs_a_stream_stands_behind_what_makes_it(slower: type[Transform]):
    assert composed([Fold(), Continual(), slower()]) == (Fold(), Continual(), slower())
    with pytest.raises(TransformError, match="--slower: changes a stream; give it behind --continual"):
        composed([slower(), Continual()])


def test_what_needs_a_clip_network_stands_ahead():
    @dataclass(frozen=True)
    class Early(Transform):
        word: ClassVar[str] = "early"

    del TRANSFORMS["early"]
    with pytest.raises(TransformError, match="--early: changes a clip network; give it ahead of --continual"):
        composed([Continual(), Early()])


def test_a_word_is_registered_once():
    with pytest.raises(TransformError, match="transform 'fold' is registered twice"):

        @dataclass(frozen=True)
        class Fold(Transform):
            word: ClassVar[str] = "fold"
