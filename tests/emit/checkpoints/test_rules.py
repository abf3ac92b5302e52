"""Rules rename tensors in one pass; what is written wrong is named."""

import time

import pytest

from costmodel.emit.checkpoints.rules import rule_of
from costmodel.errors import SpecError


def renamed(pattern: str, target: str, name: str) -> str | None:
    rule = rule_of(pattern, target)
    found = rule.match(name)
    return None if found is None else rule.renamed(found, found["*"])


@pytest.mark.parametrize(
    ("pattern", "target", "name", "expected"),
    [
        ("conv.weight", "stem.weight", "conv.weight", "stem.weight"),
        ("conv.weight", "stem.weight", "conv.weights", None),
        ("conv.*", "stem.*", "conv.bn.bias", "stem.bn.bias"),
        ("s{n}.res{i}.*", "res{n+1}.{i}.*", "s2.res10.a", "res3.10.a"),
        ("s{n}.*", "{n}.*", "sx.a", None),
        ("f.{n}.a", "f.{n-4}.a", "f.12.a", "f.8.a"),
        ("f.{n}.a", "f.{n-4}.a", "f.3.a", None),
        ("c_{x:a|ab}.*", "{x}.*", "c_ab.bias", "ab.bias"),
        ("f.{n:1|10}.a", "f.{n-1}.a", "f.10.a", "f.9.a"),
        ("f.{n:1|10}.a", "f.{n-1}.a", "f.2.a", None),
        ("loss.*", "", "loss.weight", ""),
        ("*", "net.*", "a", "net.a"),
    ],
)
def test_a_name_is_renamed(pattern: str, target: str, name: str, expected: str | None):
    assert renamed(pattern, target, name) == expected


@pytest.mark.parametrize(
    ("pattern", "target", "message"),
    [
        ("", "a", "an empty pattern, expected the name of a tensor"),
        ("a.*.b", "a.*", "'a.*.b', expected `*` at its end alone"),
        ("(a+)+", "a", "'(a+)+', expected letters, digits, dots, `_`, `-`, and holes such as {n} or `*`"),
        ("a{n}{m}", "a", "'a{n}{m}', expected text between two holes"),
        ("a{n}.{n}", "a", "'a{n}.{n}', expected a name of its own for each hole"),
        ("a{N}", "a", "'{N}', expected a hole such as {n} for a number, or {x:a|b} for one of words"),
        ("a{x:b|}", "a", "'{x:b|}', expected a hole such as {n} for a number, or {x:a|b} for one of words"),
        ("a", "a.*", "'a.*', expected no `*`: its pattern has none"),
        ("a{n}", "a{m}", "'{m}', expected one of the pattern's holes: n"),
        ("a", "a{m}", "'{m}', expected one of the pattern's holes: it has none"),
        ("a{x:b|c}", "a{x+1}", "'{x+1}', expected a number to count from, not a word"),
        ("a" * 201, "a", "201 characters, at most 200 are read"),
    ],
)
def test_a_rule_that_is_written_wrong_is_named(pattern: str, target: str, message: str):
    with pytest.raises(SpecError) as error:
        rule_of(pattern, target)
    assert str(error.value) == message


def test_no_name_takes_long():
    rule = rule_of("a".join(f"{{{hole}:a|aa|aaa|aaaa}}" for hole in "bcdefghi") + "b", "x")
    start = time.perf_counter()
    assert all(rule.match("a" * length) is None for length in range(1, 2000))
    assert time.perf_counter() - start < 1
