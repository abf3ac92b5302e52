"""The spec as a study stores it: one self-contained text, and a hash of it as its address."""

from __future__ import annotations

import hashlib

from costmodel.spec import Document
from costmodel.spec.resolved import document_text


def spec_facts(document: Document) -> dict[str, str]:
    """The facts of a spec that a study stores: the whole text, its address and its name."""
    text = document_text(document)
    return {
        "spec": text,
        "spec_address": hashlib.sha256(text.encode()).hexdigest(),
        "spec_name": document.name,
    }
