"""An ONNX file, read and checked; nothing of it is run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.errors import CostModelError, one_line

if TYPE_CHECKING:
    import onnx
    import onnx_ir

NEEDED = ("onnx", "onnx_ir")
MOST_NODES = 20_000


class OnnxError(CostModelError):
    """A file is no ONNX network that can be read."""


@dataclass(frozen=True)
class Source:
    """What the network takes: the name, and its sizes, of which those that the file leaves open are words."""

    name: str
    sizes: tuple[int | str, ...]

    @property
    def is_open(self) -> bool:
        """Whether the file leaves a size open."""
        return any(isinstance(each, str) for each in self.sizes)

    def __str__(self) -> str:
        return "x".join(map(str, self.sizes))


def read_model(path: Path) -> onnx_ir.Model:
    """The network of a file, its functions written out where they are called.

    Raises:
        OnnxError: the file is broken or too large, or lacks what it names, or a package is missing.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise OnnxError(
            f"{path}: reading ONNX needs {' and '.join(missing)}; pip install 'costmodel[export]'"
        )
    import onnx_ir
    from onnx_ir.passes.common import InlinePass

    proto = _proto(path)
    try:
        model = onnx_ir.from_proto(proto)
        for tensor in _external(model, onnx_ir.ExternalTensor):
            _must_be_inside(tensor, path)
        return InlinePass()(model).model if model.functions else model
    except OnnxError:
        raise
    except Exception as error:  # whatever a file that someone made up leads to
        raise OnnxError(f"{path}: is a broken ONNX file: {first_line(error)}") from error


def source_of(model: onnx_ir.Model, path: Path) -> Source:
    """What the network takes.

    Raises:
        OnnxError: it takes several tensors, or one that is no clip of numbers in 32 bits.
    """
    import onnx_ir

    given = [each for each in model.graph.inputs if each.name not in model.graph.initializers]
    if len(given) != 1:
        named = ", ".join(str(each.name) for each in given[:6])
        raise OnnxError(
            f"{path}: takes {len(given)} tensors{f' ({named})' if named else ''}, expected one clip; export "
            "the network of clips, without state"
        )
    (clip,) = given
    if clip.dtype != onnx_ir.DataType.FLOAT or clip.shape is None:
        found = clip.dtype.name if clip.dtype is not None else "nothing said"
        raise OnnxError(f"{path}: its input {clip.name} is {found}, expected FLOAT with a shape")
    sizes = [each if isinstance(each, int) else str(each.value or "?") for each in clip.shape]
    return Source(str(clip.name), tuple(sizes))


def _proto(path: Path) -> onnx.ModelProto:
    import onnx

    if not path.is_file():
        raise OnnxError(f"{path}: there is no such file")
    try:
        proto = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own, of several kinds
        raise OnnxError(f"{path}: is no ONNX file, or a broken one: {first_line(error)}") from error
    count = len(proto.graph.node)
    if not count:
        raise OnnxError(f"{path}: is no ONNX file, or one without a single node")
    if count > MOST_NODES:
        raise OnnxError(f"{path}: has {count} nodes, expected at most {MOST_NODES}; simplify it first")
    return proto


def _external(model: onnx_ir.Model, kind: type[onnx_ir.ExternalTensor]) -> Iterator[onnx_ir.ExternalTensor]:
    stored: list[object] = [value.const_value for value in model.graph.initializers.values()]
    attributes = (each for node in model.graph.all_nodes() for each in node.attributes.values())
    stored += [each.value for each in attributes]
    yield from (each for each in stored if isinstance(each, kind))


def _must_be_inside(tensor: onnx_ir.ExternalTensor, path: Path) -> None:
    """Demands data in a file beside the network's, long enough; paths out of its folder are not followed."""
    folder = path.parent.resolve()
    named = str(tensor.location)
    place = (folder / named).resolve()
    if not place.is_relative_to(folder):
        raise OnnxError(f"{path}: tensor {tensor.name} lies in {named}, outside of the file's own folder")
    if not place.is_file():
        raise OnnxError(f"{path}: tensor {tensor.name} lies in {named}, and there is no such file beside it")
    offset = int(tensor.offset or 0)
    length = int(tensor.length) if tensor.length is not None else tensor.nbytes
    if length != tensor.nbytes or offset < 0 or offset + length > place.stat().st_size:
        raise OnnxError(f"{path}: {named} is too short for tensor {tensor.name}, or another network's")
    # The reader of ONNX looks beside the folder that the process stands in otherwise.
    tensor.base_dir = str(folder)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return one_line(lines[0][:200]) if lines else type(error).__name__
