"""Files of mappings are read strictly: what is wrong in one is named with its place."""

from pathlib import Path

import pytest

from costmodel.emit.checkpoints.layout import layouts, layouts_of
from costmodel.errors import SpecError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    return path


def test_shipped_layouts_have_names_of_their_own():
    names = [layout.name for layout in layouts()]
    assert len(set(names)) == len(names) > 8


def test_the_first_name_that_the_network_has_is_taken(tmp_path: Path):
    text = (
        "mine: {rules: [['l{n}.*', 'a{n}.*', part], ['l{n}.*', 'b{n}.*']], parts: {part: [['w.*', 'x.*']]}}"
    )
    (layout,) = layouts_of(written(tmp_path, text))
    assert layout.rename("l1.w.bias", {"b1.w.bias"}) == "b1.w.bias"
    assert layout.rename("l1.w.bias", {"a1.x.bias", "b1.w.bias"}) == "a1.x.bias"
    assert layout.rename("l1.w.bias") == "a1.x.bias"
    assert layout.rename("other") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "1: a list, expected layouts by name, each with `rules`"),
        ("{}", "1: a mapping, expected layouts by name, each with `rules`"),
        ("a: 1", "1: a: the number 1, expected a layout with `rules`"),
        ("a: {}", "1: a: no `rules`, expected a list of [pattern, name in our network]"),
        ("a: {rules: {}}", "1: a.rules: a mapping, expected a list of [pattern, name in our network]"),
        ("a: {rules: []}", "1: a.rules: a list, expected a list of [pattern, name in our network]"),
        (
            "a: {rules: [[a]]}",
            "1: a.rules[0]: a list, expected [pattern, name in our network, and perhaps a part], all text",
        ),
        (
            "a: {rules: [[a, 1]]}",
            "1: a.rules[0]: a list, expected [pattern, name in our network, and perhaps a part], all text",
        ),
        ("a: {rules: [[a, b, c]]}", "1: a.rules[0]: unknown part 'c'"),
        (
            "a: {rules: [[a, b]], parts: {c: [[a, b, c]]}}",
            "1: a.parts.c[0]: a list, expected [pattern, name in our network], all text",
        ),
        ("a:\n  rules:\n  - ['a.*.b', c]", "3: a.rules[0]: 'a.*.b', expected `*` at its end alone"),
        ("a: {rules: [[a, b]], marker: x}", "1: a.marker: unknown key (known: about, parts, rules)"),
        ("a: {rules: [[a, b]], about: 1}", "1: a.about: the number 1, expected text"),
        ("a: &b {rules: [[a, b]]}\nc: *b", "2: c: aliases (*name) are not read; use a block or `let`"),
        ("a: 'b", "1: not YAML: found unexpected end of stream"),
    ],
)
def test_a_mapping_that_is_wrong_is_named(tmp_path: Path, text: str, message: str):
    path = written(tmp_path, text)
    with pytest.raises(SpecError) as error:
        layouts_of(path)
    assert str(error.value) == f"{path}:{message}"


def test_a_huge_mapping_is_refused(tmp_path: Path):
    path = written(tmp_path, f"a: {{rules: [{'[a, b], ' * 2001}]}}")
    with pytest.raises(SpecError, match=r"a\.rules: 2001 rules, at most 2000 are read"):
        layouts_of(path)
    path.write_text(" " * (1 << 20) + "a")
    with pytest.raises(SpecError, match="more than 1048576 bytes"):
        layouts_of(path)
