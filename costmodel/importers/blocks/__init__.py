"""An import as a person would write it: its modules as blocks with arguments, repeats and options."""

from costmodel.importers.blocks.modules import Owners
from costmodel.importers.blocks.paths import owners_by_name
from costmodel.importers.blocks.style import WIDTH
from costmodel.importers.blocks.write import Written, written

__all__ = ["WIDTH", "Owners", "Written", "owners_by_name", "written"]
