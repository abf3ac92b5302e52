"""Modules of one class are one block with options, where the options explain every wire."""

from __future__ import annotations

from costmodel.importers.blocks.bodies import SOURCE, Body, Entry
from costmodel.importers.blocks.unify import patterns


def body(
    path: str, *entries: tuple[str, str, tuple[str, ...]], block: bool = False, **leaves: object
) -> Body:
    given = {(name,): value for name, value in leaves.items()}
    made = [Entry(key, word, given, sources, block, f"{path}.{key}") for key, word, sources in entries]  # type: ignore[arg-type]
    return Body(path, tuple(made), 8, 8)


MAIN = ("main", "conv", (SOURCE,))
SKIP = ("skip", "bn", (SOURCE,))


def test_what_only_some_hold_is_an_option():
    full = body("a", SKIP, MAIN, ("add", "add", ("skip", "main")))
    bare = body("b", MAIN, ("add", "add", (SOURCE, "main")))
    (pattern,) = patterns([bare, full])
    assert [slot.key for slot in pattern.slots] == ["skip", "main", "add"]
    assert pattern.slots[-1].sources == ("skip", "main")


def test_a_wire_that_leaving_out_does_not_explain_makes_two_blocks():
    full = body("a", SKIP, MAIN, ("add", "add", ("skip", "main")))
    other = body("b", MAIN, ("add", "add", ("main", SOURCE)))
    assert len(patterns([full, other])) == 2


def test_another_layer_of_the_same_name_makes_two_blocks():
    assert len(patterns([body("a", MAIN), body("b", ("main", "relu", (SOURCE,)))])) == 2


def test_a_text_that_differs_makes_two_blocks_and_a_number_does_not():
    assert len(patterns([body("a", MAIN, mode="nearest"), body("b", MAIN, mode="bilinear")])) == 2
    assert len(patterns([body("a", MAIN, kernel=1), body("b", MAIN, kernel=None)])) == 2
    assert len(patterns([body("a", MAIN, kernel=1), body("b", MAIN, kernel=3)])) == 1


def test_a_longer_row_of_the_same_block_is_no_option():
    row = [(f"res.{place}", "block", (f"res.{place - 1}" if place else SOURCE,)) for place in range(3)]
    assert len(patterns([body("a", *row, block=True), body("b", *row[:2], block=True)])) == 2


def test_entries_in_another_order_make_two_blocks():
    one = body("a", MAIN, SKIP, ("add", "add", ("main", "skip")))
    other = body("b", SKIP, MAIN, ("add", "add", ("main", "skip")))
    assert len(patterns([one, other])) == 2
