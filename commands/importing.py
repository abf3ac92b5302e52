"""`import`: a network of one's own, in PyTorch, as a spec and a file of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.factory import told
from commands.options import FORMAT, SEED
from commands.own_module import OPTIONS, OwnModule, of_module
from commands.printing import show, tell
from costmodel.errors import OptionError
from costmodel.options import Option
from reports.table import Page, Table, Text, whole

if TYPE_CHECKING:
    from costmodel.importers import Imported, ModuleError

COLUMNS = ("what", "imported", "module")
EXAMPLES = """A PyTorch network of your own as a spec, which every other command reads; its weights too.

Imports and RUNS the Python that it is given, as your user: import what you trust. The network itself is only
traced, on no numbers; with --weights it runs once, on a random clip. Parameters and multiply-adds must equal
the module's, and with --weights the answers, or nothing is written. What has no layer here is listed, all of
it, with your own file and line.

Examples:

    import torchvision.models.video:r3d_18 --input 1x3x16x112x112 --out r3d.yaml

    import my/net.py:make --input 1x3x16x112x112 --args '{"classes": 10}' --out mine.yaml

    import my.net:Net --input 1x3x16x112x112 --checkpoint net.pt --out mine.yaml --weights mine.safetensors

    import my/net.py:make --input 1x16x3x112x112 --axes NTCHW --out mine.yaml      frames ahead of channels

    import model.onnx --out mine.yaml --weights mine.safetensors               nothing of an ONNX file is run

    import my/net.py:make --input 1x3x16x112x112 --free width --out mine.yaml    then --set width=0.5

    analyze mine.yaml --continual                    and then: what it costs on a stream
"""


@of_module
def import_(
    own: OwnModule,
    out: Path,
    weights: Path | None,
    partial: bool,
    ops: Path | None,
    flat: bool,
    free: str,
    seed: int,
    format: str,
) -> None:
    """Writes a spec of a module, and with `--weights` its weights."""
    from costmodel.files import write_all
    from costmodel.importers.foreign import Unread, own_ops

    own.must_have_sizes()
    if weights is not None and weights.suffix != ".safetensors":
        raise OptionError(f"--weights: {weights}, expected a name that ends in .safetensors")
    unread = Unread({} if ops is None else own_ops(ops), partial)
    module = own.module()
    with reading(format):
        imported = own.read(module, unread)
    imported = imported.written_as(is_flat=flat, free=free)
    files = {}
    if weights is not None:
        imported = imported.with_answers_compared(module, own.making.axes, seed)
        files[weights] = imported.weights_file()
    write_all({out: imported.text.encode(), **files})
    told(imported)
    show(_page(imported), format)
    tell(f"{imported.graph.name} written to {' and '.join(map(str, (out, *files)))}")


@contextmanager
def reading(format: str) -> Iterator[None]:
    """Prints what a module has that no layer here is, where that is why it is refused."""
    from costmodel.importers import ModuleError

    try:
        yield
    except ModuleError as error:
        show(_refused(error), format)
        raise


def _page(imported: Imported) -> Page:
    checked = imported.checked
    rows: list[dict[str, object]] = [
        {"what": "parameters", "imported": checked.params, "module": imported.shares.used},
        {"what": "multiply-adds of a clip", "imported": checked.macs, "module": checked.macs},
    ]
    if checked.recurrent:
        # torch counts none of them on a CPU
        rows[1]["module"] = checked.macs - checked.recurrent
        rows.append({"what": "of them recurrent", "imported": checked.recurrent, "module": None})
    if checked.difference is not None:
        rows.append({"what": "largest difference of answers", "imported": checked.difference, "module": 0})
    table = Table(rows, COLUMNS)
    return Page(
        lambda: {
            "params": checked.params,
            "macs": checked.macs,
            "recurrent_macs": checked.recurrent,
            "difference": checked.difference,
            "unused": list(imported.shares.unused),
            "layers": len(imported.graph.nodes),
            "answer": imported.layout,
            "partial": bool(imported.holes),
            "unknown": [each.to_dict() for each in imported.holes],
        },
        lambda: [*whole([table]), Text.of(f"{len(imported.graph.nodes)} layers\n")],
        lambda: table,
        lambda: [table],
    )


def _refused(error: ModuleError) -> Page:
    rows = [each.to_dict() for each in error.unknown]
    table = Table(rows, ("op", "file", "line", "shapes", "reason", "nearest"))
    return Page(
        lambda: {"params": None, "macs": None, "unused": [], "partial": True, "unknown": rows},
        list,  # a person reads the error itself, a line for each
        lambda: table,
        lambda: [table],
    )


COMMAND = Command(
    import_,
    EXAMPLES,
    (
        *OPTIONS,
        Option("out", "The spec to write.", Path, is_required=True, metavar="FILE"),
        Option("weights", "The file of weights to write, which says its network too.", Path, metavar="FILE"),
        Option("partial", "Go on where a call is not known: totals leave it out, and say so.", bool, False),
        Option(
            "ops",
            "Calls of your own: for each by name channels, time, height, width, macs, params, frames.",
            Path,
            metavar="FILE",
        ),
        Option("flat", "One layer after the other, without blocks and sizes.", bool, default=False),
        Option("free", "One more size: width, of which all channels are shares.", default=""),
        SEED,
        FORMAT,
    ),
)
