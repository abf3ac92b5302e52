"""Specs are strict YAML: one value for a key, no aliases, no tags, bounded in size and depth."""

import os
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest

from costmodel.errors import SpecError
from costmodel.spec.load import Item, read, read_text


def plain(item: Item) -> object:
    match item.value:
        case dict():
            return {key: plain(each) for key, each in item.value.items()}
        case list():
            return [plain(each) for each in item.value]
    return item.value


def test_scalars_are_exact_numbers_flags_nothing_or_text():
    text = "[1, -2, 0.1, 1e3, true, false, ~, null, , on, no, 'true', \"1\", 1_000, abc]".replace(" ,", " ~,")
    values = [
        1,
        -2,
        Fraction(1, 10),
        1000,
        True,
        False,
        None,
        None,
        None,
        "on",
        "no",
        "true",
        "1",
        "1_000",
        "abc",
    ]
    assert plain(read_text(text, "x")) == values


def test_every_value_knows_its_line_and_path():
    root = read_text("network:\n  - relu\n  - conv:\n      channels: 3\n", "x.yaml")
    item = root.value["network"].value[1].value["conv"].value["channels"]
    assert (item.file, item.line, item.path) == ("x.yaml", 4, "network[1].conv.channels")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x: is empty; expected a spec in YAML"),
        ("# only a comment", "x: is empty; expected a spec in YAML"),
        ("a: 1\na: 2", "x:2: the key 'a' stands twice"),
        ("a: {1: 2, '1': 3}", "x:1: a: the key '1' stands twice"),
        ("a: &b 1\nc: *b", "x:2: c: aliases (*name) are not read; use a block or `let`"),
        ("&a [*a]", "x:1: [0]: aliases (*name) are not read; use a block or `let`"),
        (
            "a: !!python/name:os.system x",
            "x:1: a: tags (tag:yaml.org,2002:python/name:os.system) are not read",
        ),
        ("a: 1\n---\nb: 2", "x:3: a second document; expected one"),
        ("? [a]\n: 1", "x:1: a list as a key, expected a name"),
        ("~: 1", "x:1: nothing as a key, expected a name"),
        ("a: [1\n", "x:2: not YAML: did not find expected ',' or ']'"),
        ("a:\n\t- 1", "x:2: not YAML: found character that cannot start any token"),
        ("a: \0", "x: not YAML: unacceptable character #x0000: control characters are not allowed"),
        ("a: 1e13", "x:1: a: a number above 1e+12, larger than any network's"),
        ("[" * 1000, f"x:1: ...{'[0]' * 33}".replace("...[0]", "...][0]") + ": nested more than 60 deep"),
        ("[" * 100_000, f"x:1: ...{'[0]' * 33}".replace("...[0]", "...][0]") + ": nested more than 60 deep"),
        (
            '"a\\n\\e[31m": 1\n"a\\n\\e[31m": 1',
            "x:2: the key 'a\\n\\x1b[31m' stands twice",
        ),
    ],
)
def test_what_is_not_strict_yaml_is_named(text: str, message: str):
    with pytest.raises(SpecError) as error:
        read_text(text, "x")
    assert str(error.value) == message


def test_more_values_than_a_spec_has_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_module("costmodel.spec.load"), "MOST_VALUES", 2_000)
    with pytest.raises(SpecError, match=r"^x:1: a\[1997\]: more than 2000 values$"):
        read_text("a: [" + "1," * 2_001 + "]", "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"name: \xff", "byte 6 is not UTF-8; expected a spec in YAML"),
        (b"\x89PNG\r\n\x1a\n\0\0", "byte 0 is not UTF-8; expected a spec in YAML"),
        (b"\0" * 10, "not YAML: unacceptable character #x0000: control characters are not allowed"),
        (b"#" * (1 << 20) + b"#", "cannot be read: more than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, data: bytes, message: str):
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(SpecError) as error:
        read(path)
    assert str(error.value) == f"{path}: {message}"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path):
    with pytest.raises(SpecError, match=r"none\.yaml: there is no such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read: is a folder, expected a file"):
        read(tmp_path)
    with pytest.raises(SpecError, match="cannot be read: embedded null byte"):
        read(tmp_path / "a\0b")


def test_a_device_and_a_pipe_are_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(SpecError, match="/dev/zero: cannot be read: is a device, expected a file"):
        read(Path("/dev/zero"))
    with pytest.raises(SpecError, match=r"pipe\.yaml: cannot be read: is a named pipe, expected a file"):
        read(tmp_path / "pipe.yaml")


def test_an_unreadable_file_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SpecError, match=r"x\.yaml: cannot be read: Permission denied"):
        read(tmp_path / "x.yaml")
