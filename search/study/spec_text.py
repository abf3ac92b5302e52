"""What a study keeps of its spec: one self-contained text, and the address that its content gives it."""

from __future__ import annotations

import hashlib

from costmodel.spec import Document
from costmodel.spec.resolved import document_text


def spec_facts(document: Document) -> dict[str, str]:
    """What a study keeps of its spec: the whole text, its address and its name."""
    text = document_text(document)
    return {
        "spec": text,
        "spec_address": hashlib.sha256(text.encode()).hexdigest(),
        "spec_name": document.name,
    }
