"""Names made for files, classes and attributes hold nothing that a path, an option or Python could read."""

import keyword
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.names import class_name, file_stem, identifier


@given(st.text())
def test_a_stem_is_one_part_of_a_path_and_no_option(name: str):
    stem = file_stem(name)
    for kind in (PurePosixPath, PureWindowsPath):
        assert kind("runs", f"{stem}.db").parent == kind("runs")
        assert kind(stem).name == stem
    assert stem.isascii()
    assert 0 < len(stem) <= 101
    assert not stem.startswith(("-", "."))


@given(st.text(), st.sets(st.sampled_from(["Net", "Block", "Any"])))
def test_a_class_is_a_name_that_is_not_taken(name: str, taken: set[str]):
    for made in (class_name(name, taken), class_name("net", taken), class_name("any", taken)):
        assert made.isidentifier()
        assert made.isascii()
        assert not keyword.iskeyword(made)
        assert made not in taken


@given(st.text(min_size=1))
def test_an_identifier_is_one(name: str):
    assert identifier(name).isidentifier()
    assert not keyword.iskeyword(identifier(name))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("x3d_m", "x3d_m"),
        ("../../elsewhere; touch X #", "elsewhere_touch_X"),
        (r"C:\users\net", "C_users_net"),
        ("/etc/passwd", "etc_passwd"),
        ("-rf", "rf"),
        ("..", "network"),
        ("", "network"),
        ("netz\N{LATIN SMALL LETTER U WITH DIAERESIS}", "netz"),
        ("nul", "nul_"),
        ("a" * 500, "a" * 100),
    ],
)
def test_stems_of_awkward_names(name: str, stem: str):
    assert file_stem(name) == stem


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("x3d M", "X3dM"),
        ("3d", "Network3d"),
        ("none", "NoneNetwork"),
        ("''';import os", "ImportOs"),
        ("", "Network"),
    ],
)
def test_classes_of_awkward_names(name: str, made: str):
    assert class_name(name) == made
