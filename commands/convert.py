"""`convert`: a clip network of one's own as a stream, proven, with its weights, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.conversion import Conversion, must_be_new, write
from commands.diagnose import page as diagnosis_page
from commands.factory import told
from commands.importing import reading
from commands.options import FORMAT, SEED
from commands.own_module import OPTIONS, OwnModule, of_module
from commands.printing import show, tell
from commands.validate import page, shown
from costmodel.escape import shell
from costmodel.options import Option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from costmodel.diagnosis import Repair
    from costmodel.importers import Imported
    from costmodel.network import Network

FRAMEWISE = "squeeze-excite pools each frame alone, in place of the clip"
EXAMPLES = """A PyTorch clip network of your own, frame by frame: the shortest way from a module to a stream.

Imports and RUNS the Python that it is given, as your user. Reads the network, takes the cheapest change whose
stream answers as the module does far from the ends of a clip, runs both side by side, and writes a folder: a
spec, weights.safetensors, the stream as a Python file and as ONNX, and README.md, which says what it costs,
what was changed and how it was proven. Where no stream answers as the module does, the diagnosis is printed,
and the exit code is 1. The folder appears once no answer differs.

Examples:

    convert torchvision.models.video:r3d_18 --input 1x3x16x112x112 --out r3d

    convert my/net.py:make --args '{"classes": 10}' --checkpoint net.pt --input 1x3x16x112x112 --out mine
"""


@of_module
def convert(own: OwnModule, out: Path, seed: int, format: str) -> int:
    """Writes a folder with the stream of a module; 1 where there is none that answers as it does."""
    own.must_have_sizes()
    must_be_new(out)
    tell(f"1 of 4: reading {own.place}")
    module = own.module()
    with reading(format):
        imported = own.read(module).with_answers_compared(module, own.making.axes, seed)
    told(imported)
    tell("2 of 4: looking for what stands in the way of a stream")
    repair = _exact_repair(imported, format)
    if repair is None:
        return 1
    from costmodel.importers import order_of

    given = f"{shell(own.place)} {own.making.flags}"
    network, tensors = _repaired(imported, repair)
    changes = _changes(repair)
    found = write(Conversion(given, module, order_of(own.making.axes), network, tensors, changes, seed), out)
    show(page([shown(check) for check in found], is_random=False), format)
    tell(f"{network.document.name} written to {out}")
    return 0


def _exact_repair(imported: Imported, format: str) -> Repair | None:
    """What gives a stream whose answers are the module's: the network as it is, or its cheapest repair."""
    from costmodel.diagnosis import diagnose

    found = diagnose(imported.graph)
    exact = [each.repair for each in found.repairs if each.repair.carries == "exact"]
    # As it is, where it can be: its stream makes the one edit, to squeeze-excite, by itself.
    exact.sort(key=lambda each: bool(each.changes))
    if exact:
        tell(f"class {found.kind}; changes: {'; '.join(_changes(exact[0])) or 'none'}")
        return exact[0]
    show(diagnosis_page(found), format)
    tell("no stream answers as the module does; nothing is written. `import` it, and")
    tell("`diagnose SPEC --repair N --out FILE` writes a repair that is to be trained further")
    return None


def _changes(repair: Repair) -> tuple[str, ...]:
    from costmodel.analysis.temporal import excitation_pools

    return (*repair.changes, *((FRAMEWISE,) if excitation_pools(repair.graph) else ()))


def _repaired(imported: Imported, repair: Repair) -> tuple[Network, Mapping[str, Tensor]]:
    """The clip network whose stream it will be, and its weights."""
    if not repair.changes:
        return imported.network, imported.tensors
    from costmodel.emit import emit
    from costmodel.network import Network
    from costmodel.spec.document import from_text
    from costmodel.spec.write import dump

    network = Network(from_text(dump(repair.graph), repair.graph.name))
    wanted, own = emit(network.graph()).state_dict(), imported.tensors
    # A repair that carries weights exactly gives them another shape at most.
    return network, {name: own[name].reshape(each.shape) for name, each in wanted.items()}


COMMAND = Command(
    convert,
    EXAMPLES,
    (
        *OPTIONS,
        Option(
            "out", "The folder to write, which must be new or empty.", Path, is_required=True, metavar="DIR"
        ),
        SEED,
        FORMAT,
    ),
)
