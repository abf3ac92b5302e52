"""Rows as lines of YAML, as a person would write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from costmodel.graph import INPUT
from costmodel.importers.blocks.bodies import SOURCE
from costmodel.importers.blocks.rows import Row, labelled
from costmodel.spec.builder import BLOCK_INPUT
from costmodel.spec.write import text_of

LINE = 120
# As our own specs have them: what a layer is, then how it slides, then the rest.
ORDER: Final = ("channels", "kernel", "stride", "padding", "dilation", "groups", "bias")


def lines(rows: Sequence[Row], source: str, indent: int) -> list[str]:
    """The lines of a list of layers.

    Args:
        rows: the layers.
        source: how specs call what comes into them all.
        indent: how far the lines stand from the margin.
    """
    read = labelled(rows)
    own = _own_names(rows)
    found: list[str] = []
    before = SOURCE
    for row in rows:
        keys = dict(_keys(row, before, source, is_read=row.key in read, is_named=row.key not in own))
        found += _line(row.word, keys, indent)
        before = row.key
    return found


def mapping(keys: Mapping[str, str]) -> str:
    """A mapping on one line."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"


def _own_names(rows: Sequence[Row]) -> frozenset[str]:
    """The rows that have the names which they would have if they were given none."""
    times: dict[str, int] = {}
    found = set()
    for row in rows:
        times[row.word] = number = times.get(row.word, 0) + 1
        if row.key == (row.word if number == 1 else f"{row.word}_{number}"):
            found.add(row.key)
        else:
            times[row.word] -= 1
    # What `when` may leave out is not counted, and the others would be named otherwise.
    unsure = {row.word for row in rows if row.when}
    return frozenset(
        row.key for row in rows if row.key in found and not (row.word in unsure and "_" in row.key)
    )


def _keys(row: Row, before: str, source: str, *, is_read: bool, is_named: bool) -> Iterator[tuple[str, str]]:
    is_both = not row.is_block and row.key == _label(row.key)
    if is_read and is_both:
        yield "as", _name(row.key)  # names it, too
    elif is_named:
        yield "name", _name(row.key)
    if row.sources != (before,):
        sources = [source if each == SOURCE else _name(_label(each)) for each in row.sources]
        yield "from", sources[0] if len(sources) == 1 else f"[{', '.join(sources)}]"
    given = {key: value for key, value in row.fields.items() if value is not None}
    ordered = [] if row.is_block else [key for key in ORDER if key in given]
    yield from ((key, given[key]) for key in (*ordered, *(key for key in given if key not in ordered)))
    if row.repeat > 1:
        yield "repeat", str(row.repeat)
    if row.first:
        yield "first", mapping({key: value for key, value in row.first.items() if value is not None})
    if row.when:
        yield "when", row.when
    if is_read and not is_both:
        yield "as", _name(_label(row.key))


def _label(key: str) -> str:
    """What `from` calls a row; two words mean something else there."""
    return f"{key}_" if key in (BLOCK_INPUT, INPUT) else key


def _name(text: str) -> str:
    # A number is a name, too; one with a point would be read as another.
    return text if text.isdecimal() and str(int(text)) == text else text_of(text)


def _line(word: str, keys: Mapping[str, str], indent: int) -> list[str]:
    margin = " " * indent
    if not keys:
        return [f"{margin}- {word}"]
    one = f"{margin}- {word}: {mapping(keys)}"
    if len(one) <= LINE:
        return [one]
    if len(mapping(keys)) + indent + 4 <= LINE:
        return [f"{margin}- {word}:", f"{margin}    {mapping(keys)}"]
    return [f"{margin}- {word}:", *(f"{margin}    {key}: {value}" for key, value in keys.items())]
