"""Names that a file, a class or an attribute can bear, made from names that a spec or a folder gives."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

LONGEST_STEM = 100
NAMELESS = "network"
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # no file on Windows


def file_stem(name: str) -> str:
    """A file's name without its ending: letters, digits, `_`, `-` and `.`; never a path or an option."""
    # Stripped of dots and dashes in front: no hidden file, no
    # `..`, and nothing that a command takes for an option.
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:LONGEST_STEM].strip("._-")
    if not plain:
        return NAMELESS
    return f"{plain}_" if _DEVICES.fullmatch(plain) else plain


def class_name(name: str, taken: Collection[str] = ()) -> str:
    """The name of a class, one that is not taken: words joined, each with a capital."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    title = "".join(word[:1].upper() + word[1:] for word in words)[:LONGEST_STEM]
    title = title if title[:1].isalpha() else f"Network{title}"
    return f"{title}Network" if title in taken or keyword.iskeyword(title) else title


def identifier(name: str) -> str:
    """A Python identifier: `_` for what cannot stand in one; a keyword, or a digit in front, is set apart."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    if keyword.iskeyword(plain):
        return f"{plain}_"
    return plain if not plain[:1].isdigit() else f"layer_{plain}"
