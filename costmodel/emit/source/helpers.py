"""The classes and functions that an emitted file carries along: those that it uses, as their own text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from costmodel.emit.modules.texts import streams
from costmodel.emit.modules.written import Text, Written

# Of this repository's own type check, which means nothing to a reader of the file.
_COMMENTS = ("  # type: ignore[override]", "  # type: ignore[arg-type]")


def helpers(forms: Iterable[Written], body: str, is_stream: bool) -> str:
    """The text of all that a file with this body carries along, each behind what it uses."""
    forms = tuple(forms)
    texts: list[Text] = [streams.run, streams.StreamSequential] if is_stream else []
    texts += [text for form in forms for text in form.carried]
    texts += [streams.FrameWindow] if any(form.frames_first for form in forms) else []
    texts += [streams.StreamNetwork] if is_stream else []
    parts: list[str] = []
    # From the last back: by then it is known whether what stands behind uses it.
    for text in reversed(list(dict.fromkeys(texts))):
        if re.search(rf"\b{text.__name__}\b", "\n".join((body, *parts))):
            parts.insert(0, _plain(inspect.getsource(text)).strip())
    if any(": Triple" in part for part in parts):
        parts.insert(0, "Triple = tuple[int, int, int]")
    return "\n\n\n".join(parts)


def _plain(text: str) -> str:
    for comment in _COMMENTS:
        text = text.replace(comment, "")
    return text
