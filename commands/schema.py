"""`schema`: the JSON Schema of specs, for editors."""

from __future__ import annotations

import json

from commands.command import Command
from commands.printing import put

EXAMPLES = """The JSON Schema of specs, so that an editor completes and checks them.

Shipped specs name it in their first line, which editors with a YAML language server read:

    # yaml-language-server: $schema=spec.schema.json

Examples:

    schema > spec.schema.json   beside your own specs
"""


def schema() -> None:
    """Prints the JSON Schema of specs."""
    put(schema_text())


def schema_text() -> str:
    """The JSON Schema of specs as text."""
    from costmodel.spec.schema import schema as schema_of_specs

    # not sorted: keys stand in the order in which a spec has them
    return json.dumps(schema_of_specs(), indent=2) + "\n"


COMMAND = Command(schema, EXAMPLES)
