"""Networks as readable, standalone source that needs only torch."""

from costmodel.emit.source.write import source_text

__all__ = ["source_text"]
