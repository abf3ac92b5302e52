"""Networks of other people: PyTorch modules read as networks of ours.

API
---
`from_torch(module, example) -> Graph`: what `costmodel.load` gives of a spec.
`read_module(module, shape, name, ...) -> Imported`: with the module's own weights, and what was compared.
`module_of("pkg.mod:factory", arguments, checkpoint)`: the module that a factory makes.
"""

from costmodel.importers.factory import module_of
from costmodel.importers.imported import Imported, from_torch, order_of, read_module
from costmodel.importers.refusal import ModuleError

__all__ = ["Imported", "ModuleError", "from_torch", "module_of", "order_of", "read_module"]
