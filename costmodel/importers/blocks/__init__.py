"""An import as a person would write it: its modules as blocks with arguments, repeats and options."""

from costmodel.importers.blocks.style import WIDTH
from costmodel.importers.blocks.write import Written, written

__all__ = ["WIDTH", "Written", "written"]
