r"""Text from strangers, made harmless for the format that it is written in: one function for each format.

A spec's name, a layer's or a class's name, a reason out of a study are data. Each function gives text that a
reader of its format shows as it was, with what cannot be shown (control characters, changes of direction,
line ends) as Python writes it, `\x1b`.
"""

from __future__ import annotations

import re

from costmodel.errors import one_line

_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?%?", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)"  # before a letter a backslash is one
    r"|[`~$\[|]|(?<! )\*|\*(?! )|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|<(?=[A-Za-z/!?])|&(?=#?\w+;)|#$"
)
_PAIRED = "`~$*_"
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",  # the old fonts have other characters there
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",  # behind the end of a row it would begin an option
    "-": "-{}",  # two in a row would become one long dash
    **{each: f"\\{each}" for each in "{}$&#%_"},
}


class Markup(str):
    """Text of our own that is written for its format already, such as a formula between dollars."""

    __slots__ = ()


def terminal(text: str) -> str:
    """Lines for a terminal: nothing in them moves the cursor or turns the reading direction."""
    return "\n".join(one_line(line) for line in text.split("\n"))


def python(text: str) -> str:
    """What stands between the quotes of a Python string or docstring, on one line."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def shell(text: str) -> str:
    """One word of a command line, safe to paste into a shell."""
    if text.isprintable():
        from shlex import quote

        return quote(text)
    # Quoting alone would let a terminal see the control characters; bash and zsh read them from $'...'.
    return "$'" + "".join(_shell_character(each) for each in text) + "'"


def _shell_character(each: str) -> str:
    if each.isprintable():
        return f"\\{each}" if each in "\\'" else each
    return "".join(f"\\x{byte:02x}" for byte in each.encode("utf-8", "surrogateescape"))


def markdown(text: str) -> str:
    """Text for a Markdown page: a table's cell, or what follows other words in a line or a heading."""
    if isinstance(text, Markup):
        return text
    plain = one_line(text)
    alone = [mark for mark in _PAIRED if plain.count(mark) == 1]  # a figure with a note, `84.96*`, stays
    return _MARKDOWN.sub(lambda found: found[0] if found[0] in alone else f"\\{found[0]}", plain)


def csv_cell(value: object) -> object:
    """A cell of a CSV file: text that a spreadsheet would run as a formula gets an apostrophe in front.

    Numbers stay as they are, those written as text too.
    """
    if not isinstance(value, str):
        return value
    plain = one_line(value)
    is_formula = plain.startswith(_FORMULA) and len(plain) > 1 and not _NUMBER.fullmatch(plain)
    return f"'{plain}" if is_formula else plain


def latex(text: str) -> str:
    """Text in LaTeX's text mode."""
    shown = "".join(_LATEX.get(each, each) for each in one_line(text))
    return re.sub(r"-\{\}(?!-)", "-", shown)


def dot(text: str) -> str:
    """A quoted string of a DOT file; line ends stay line ends."""
    lines = (one_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'


def xml(text: str) -> str:
    """Text for a writer of XML, which escapes `<` and `&` itself, without characters that XML cannot hold."""
    return one_line(text)


def html(text: str) -> str:
    """Text or an attribute's value in HTML."""
    from html import escape

    return escape(one_line(text))


def drawing(text: str) -> str:
    """A title or label of a drawing: matplotlib reads what stands between dollars as a formula."""
    return one_line(text).replace("$", r"\$")


def yaml(text: str) -> str:
    """A quoted string of a YAML file; JSON's, but for what YAML reads otherwise."""
    import json

    quoted = json.dumps(text).replace("\x7f", "\\x7f")
    # JSON writes a character beyond 16 bits as two halves, which YAML refuses.
    return re.sub(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", _joined, quoted)


def _joined(halves: re.Match[str]) -> str:
    import json

    character = json.loads('"' + halves[0] + '"')
    return f"\\U{ord(character):08x}"
