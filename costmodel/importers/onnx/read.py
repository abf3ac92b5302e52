"""An ONNX file as a network of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.errors import OptionError
from costmodel.importers.export import BATCHES, Tracing
from costmodel.importers.foreign import REFUSE, Unread
from costmodel.importers.imported import DEFAULT_AXES, Imported, order_of, read_module
from costmodel.importers.layout import BATCH
from costmodel.importers.onnx.file import OnnxError, Source, read_model, source_of
from costmodel.importers.onnx.network import OnnxNetwork
from costmodel.importers.onnx.places import folded_norms
from costmodel.importers.refusal import ModuleError

if TYPE_CHECKING:
    import onnx_ir


def read_onnx(
    path: Path,
    shape: Sequence[int] | None,
    name: str,
    *,
    axes: str = DEFAULT_AXES,
    unread: Unread = REFUSE,
) -> Imported:
    """An ONNX network as a network of ours, its costs compared with the file's.

    Args:
        path: the file; nothing in it is run.
        shape: that of a clip; None where the file says it.
        name: what the network is called.
        axes: the order of the clip's axes.
        unread: what becomes of nodes that no rule reads.

    Raises:
        OnnxError: the file is broken, or leaves sizes open that `shape` does not say.
        ModuleError: some of its nodes have no layer here; it lists them all.
    """
    model = read_model(path)
    source, order = source_of(model, path), order_of(axes)
    sizes = _sizes(source, shape, order, path)
    network = OnnxNetwork(_prepared(model), path, _fixed(source))
    fixed = isinstance(source.sizes[order.index(BATCH)], int)
    tracing = Tracing(_keeping_notes, network.placed, (1,) if fixed else BATCHES)
    try:
        imported = read_module(network, sizes, name, axes=axes, tracing=tracing, unread=unread)
    except ModuleError as error:
        if isinstance(error.__cause__, OnnxError):
            raise error.__cause__ from error
        raise
    return replace(imported, told=tuple(_notes(network)))


def _sizes(source: Source, shape: Sequence[int] | None, order: Sequence[str], path: Path) -> tuple[int, ...]:
    """The sizes of a clip: those that are given, or the file's own."""
    batch = order.index(BATCH)
    if len(source.sizes) != len(order):
        raise OnnxError(
            f"{path}: its input {source.name} is {source}, expected {len(order)} sizes: {', '.join(order)}"
        )
    if isinstance(source.sizes[batch], int) and source.sizes[batch] != 1:
        raise OnnxError(
            f"{path}: takes {source.sizes[batch]} clips at once, expected 1, or as many as are given"
        )
    if shape is None:
        open_ones = [order[place] for place, size in enumerate(source.sizes) if isinstance(size, str)]
        if set(open_ones) - {BATCH}:
            raise OptionError(
                f"--input: {path} leaves {', '.join(open_ones)} of its input {source} open; "
                "say the sizes of a clip, such as 1x3x16x112x112"
            )
        shape = [1 if isinstance(size, str) else size for size in source.sizes]
    if len(shape) != len(order):
        raise OptionError(f"--input: {len(shape)} sizes, expected {len(order)}: {', '.join(order)}")
    for place, (size, given) in enumerate(zip(source.sizes, shape, strict=True)):
        if isinstance(size, int) and size != given and place != batch:
            told = "x".join(map(str, shape))
            raise OptionError(f"--input: {told}, and {path} takes {source}")
    return tuple(shape)


def _fixed(source: Source) -> list[int | None]:
    return [size if isinstance(size, int) else None for size in source.sizes]


def _prepared(model: onnx_ir.Model) -> onnx_ir.Model:
    """The network with its constants in one place, without what its answer does not need."""
    from onnx_ir.passes.common import LiftConstantsToInitializersPass, RemoveUnusedNodesPass

    model = LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model).model
    return RemoveUnusedNodesPass()(model).model


def _notes(network: OnnxNetwork) -> list[str]:
    folded = folded_norms(network.nodes)
    if not folded:
        return []
    layers = f"{folded} layer{'s' * (folded > 1)}"
    return [
        f"the converter folded batch norms into {layers}: parameters and additions differ from the module's, "
        "multiply-adds do not"
    ]


@contextmanager
def _keeping_notes() -> Iterator[None]:
    try:
        from torch.fx.traceback import preserve_node_meta
    except ImportError:  # an older torch, whose nodes go without
        yield
        return
    with preserve_node_meta():
        yield
