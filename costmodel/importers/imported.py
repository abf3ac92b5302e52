"""A module as a network of ours: its layers, its weights, and what was compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor, nn

from costmodel.emit.weights_format import weights_bytes
from costmodel.errors import OptionError
from costmodel.graph import Graph
from costmodel.importers.blocks import WIDTH, Owners, Written, owners_by_name, written
from costmodel.importers.constants import Constants
from costmodel.importers.export import TRACING, Tracing, export
from costmodel.importers.foreign import REFUSE, Unread
from costmodel.importers.layout import AXES, described
from costmodel.importers.naming import owners_of
from costmodel.importers.reader import Reading, read
from costmodel.importers.refusal import UnknownCall
from costmodel.importers.verify import Verified, compared, verified
from costmodel.importers.weights import Shares, shares_of, tensors_of
from costmodel.network import Network
from costmodel.spec.document import from_text
from costmodel.spec.write import dump
from costmodel.types import TensorType
from costmodel.weights import About

LETTERS = dict(zip("NCTHW", AXES, strict=True))
DEFAULT_AXES = "NCTHW"
MOST_NAMED = 6


@dataclass(frozen=True)
class Imported:
    """A module that was read, and found to be what was read.

    Args:
        graph: its layers.
        checked: the figures that were compared with the module's.
        shares: which of the module's parameters our layers have.
        layout: where the module's answer has its axes.
        told: what is to be said of it besides.
        is_flat: whether the spec has one layer after the other, and no blocks.
        frees_width: whether the spec has one width, of which all channels are shares.
    """

    graph: Graph
    checked: Verified
    shares: Shares
    layout: str
    _reading: Reading
    _constants: Constants
    told: tuple[str, ...] = ()
    is_flat: bool = False
    frees_width: bool = False

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The module's own tensors, by our names."""
        return tensors_of(self._reading, self._constants)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of it."""
        shares, notes = self.shares, [f"the module answers {self.layout}"]
        if shares.unused:
            names = ", ".join(shares.unused[:MOST_NAMED]) + ", ..." * (len(shares.unused) > MOST_NAMED)
            notes.append(f"no layer reads {names}: {len(shares.unused)} parameters left out")
        if self.checked.unread:
            notes.append(f"the module spends {self.checked.unread} multiply-adds more, on what nothing reads")
        if shares.repeated:
            notes.append(
                f"{shares.repeated} parameters are read by several layers, and stand in each of them"
            )
        if shares.merged:
            notes.append(
                f"{shares.merged} parameters fewer than the module's: weights that it works out from others, "
                "as weight_norm does, are what came of them, and learn as such"
            )
        if shares.constants:
            notes.append(f"{shares.constants} numbers of the module's code and buffers are parameters here")
        notes += [f"partial: not known is {each}" for each in self.holes]
        return (*notes, *self.told, *self._written.notes)

    @property
    def holes(self) -> tuple[UnknownCall, ...]:
        """The calls that are not known, whose costs all totals leave out."""
        return self._reading.holes

    @property
    def text(self) -> str:
        """The network as a spec."""
        return self._written.text

    @cached_property
    def _written(self) -> Written:
        if self.is_flat:
            return Written(dump(self.graph))
        owners: Owners = {name: owners_of(call) for name, call in self._reading.calls.items()}
        if all(len(each) <= 1 for each in owners.values()):  # an ONNX file, which tells no modules in others
            owners = owners_by_name(self.graph)
        return written(self.graph, owners, frees_width=self.frees_width)

    def written_as(self, *, is_flat: bool, free: str = "") -> Imported:
        """The same, its spec in another form.

        Args:
            is_flat: one layer after the other, as they run.
            free: `width`, or nothing: what is to become a size that the module has not.

        Raises:
            OptionError: there is no such size, or a flat spec has none.
        """
        if free not in ("", WIDTH):
            raise OptionError(f"--free: {free!r}, expected {WIDTH}")
        if is_flat and free:
            raise OptionError(f"--free {free}: a flat spec has no sizes; leave --flat out")
        return replace(self, is_flat=is_flat, frees_width=bool(free))

    @property
    def network(self) -> Network:
        """The network of that spec."""
        return Network(from_text(self.text, self.graph.name))

    def weights_file(self) -> bytes:
        """The weights as a file that says its network."""
        return weights_bytes(self.tensors, About(self.network))

    def with_answers_compared(self, module: nn.Module, axes: str = DEFAULT_AXES, seed: int = 0) -> Imported:
        """The same, once our network with these weights answers a random clip as the module does.

        Raises:
            ImportCheckError: it does not.
        """
        if self._reading.foreign:
            raise OptionError(
                f"--weights: no layer runs what stands at {', '.join(self._reading.foreign[:MOST_NAMED])}, "
                "so that there are no answers to compare; leave it out"
            )
        order = order_of(axes)
        found = compared(self.graph, self._reading.answer, self.tensors, module, order, seed)
        return replace(self, checked=replace(self.checked, difference=found))


def from_torch(module: nn.Module, example: Tensor, *, name: str = "", axes: str = DEFAULT_AXES) -> Graph:
    """The graph of a PyTorch module, as `load` gives that of a spec; nothing is computed.

    Args:
        module: a network of clips; it stays as it is.
        example: a clip as the module takes it; its shape alone counts.
        name: what the network is called; the module's class where it is not said.
        axes: the order of the example's axes: N clips, C channels, T frames, H and W.

    Raises:
        ModuleError: some of its calls have no layer here; it lists them all, with their lines.
    """
    return read_module(module, tuple(example.shape), name or type(module).__name__, axes=axes).graph


def read_module(
    module: nn.Module,
    shape: Sequence[int],
    name: str,
    *,
    axes: str = DEFAULT_AXES,
    tracing: Tracing = TRACING,
    unread: Unread = REFUSE,
) -> Imported:
    """A PyTorch module as a network of ours, its costs compared with the module's.

    Args:
        module: a network of clips; it stays as it is.
        shape: that of a clip as the module takes it, the batch included.
        name: what the network is called.
        axes: the order of the clip's axes, such as `NTCHW`.
        tracing: how its calls get their lines and names.
        unread: what becomes of calls that no rule reads.

    Raises:
        ModuleError: some of its calls have no layer here; it lists them all, with their lines.
        ImportCheckError: what was read has other costs than the module.
    """
    order = order_of(axes)
    if len(shape) != len(order):
        raise OptionError(f"--input: {len(shape)} sizes, expected {len(order)}: {', '.join(order)}")
    sizes = dict(zip(order, shape, strict=True))
    source = TensorType(*(sizes[axis] for axis in AXES[1:]))
    exported = export(module, shape, order.index("batch"), name, tracing)
    constants = Constants(exported.program)
    reading = read(exported.program, name, source, order, constants, unread)
    shares = shares_of(reading, constants)
    checked = verified(reading, exported, shares)
    return Imported(reading.graph, checked, shares, described(reading.answer.dims), reading, constants)


def order_of(axes: str) -> tuple[str, ...]:
    """The order of a clip's axes, by the letters N, C, T, H and W.

    Raises:
        OptionError: others stand there.
    """
    if sorted(axes) != sorted(LETTERS):
        raise OptionError(f"--axes: {axes!r}, expected the letters {DEFAULT_AXES} in some order")
    return tuple(LETTERS[letter] for letter in axes)
