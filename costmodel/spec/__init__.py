"""Specs: networks declared in YAML, read strictly, and turned into graphs."""

from costmodel.spec.document import Document, document, from_text, parse_set, shipped_names
from costmodel.spec.elaborate import elaborate, load

__all__ = ["Document", "document", "elaborate", "from_text", "load", "parse_set", "shipped_names"]
