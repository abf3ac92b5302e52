"""A PyTorch factory on a command line, as SPEC or beside it: how it is told, and what it makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.printing import tell
from costmodel.errors import OptionError
from costmodel.escape import shell
from costmodel.names import file_stem
from costmodel.options import Option, Value

if TYPE_CHECKING:  # whoever names an ordinary spec does not wait for torch
    from tempfile import TemporaryDirectory

    from torch import nn

    from costmodel.importers import Imported
    from costmodel.importers.foreign import Unread

INPUT = Option(
    "input",
    "Of a factory: the sizes of a clip as its network takes it, such as 1x3x16x112x112.",
    metavar="SIZES",
)
ARGS = Option("args", "Of a factory: its arguments as JSON, by name or in order.", default="", metavar="JSON")
CHECKPOINT = Option(
    "checkpoint",
    "Of a factory: weights of its network's own, a state dict of torch.save.",
    Path,
    metavar="FILE",
)
AXES = Option(
    "axes",
    "Of a factory: the order of the clip's axes: N clips, C channels, T frames, H, W.",
    default="NCTHW",
)
OPTIONS = (INPUT, ARGS, CHECKPOINT, AXES)
_NAME = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_FACTORY = re.compile(rf"({_NAME}|.+\.py):{_NAME}")
_FOLDERS: list[TemporaryDirectory[str]] = []  # each goes when the program ends
ONNX = ".onnx"
FILES = (".yaml", ".yml", ".safetensors")


def is_factory(spec: str) -> bool:
    """Whether SPEC means a network of one's own: an ONNX file, or a factory and no path with a colon.

    A factory is `package.module:factory` or `path/to/file.py:factory`.
    """
    if spec.endswith(ONNX):
        return True
    if ":" not in spec or not _FACTORY.fullmatch(spec):
        return False
    return not spec.endswith(FILES) and not Path(spec).exists()


@dataclass(frozen=True)
class Making:
    """How a factory makes its module.

    Args:
        input: the sizes of a clip as text; None where they are not given.
        args: the factory's arguments as JSON.
        checkpoint: a file of the module's weights.
        axes: the order of the clip's axes, such as `NCTHW`.
    """

    input: str | None = None
    args: str = ""
    checkpoint: Path | None = None
    axes: str = "NCTHW"

    @classmethod
    def of(cls, values: Mapping[str, Value], own: frozenset[str]) -> Making:
        """What a command line says; the command's own options of these names are not meant."""
        given = {each.name: values[each.name] for each in OPTIONS if each.name not in own}
        return cls(**given)  # type: ignore[arg-type]

    def module(self, place: str) -> nn.Module:
        """The module of a factory; of an ONNX file, what ONNX Runtime answers.

        Raises:
            CostModelError: there is none.
        """
        if place.endswith(ONNX):
            from costmodel.importers.onnx import RuntimeNetwork

            if self.args or self.checkpoint is not None:
                option = ARGS.flag if self.args else CHECKPOINT.flag
                raise OptionError(f"{option}: {place} has no factory, and its own weights")
            return RuntimeNetwork(Path(place))
        from costmodel.importers import module_of

        return module_of(place, self.args, self.checkpoint)

    def read(self, place: str, module: nn.Module, name: str = "", unread: Unread | None = None) -> Imported:
        """A module as a network of ours; `unread` says what becomes of calls that no rule reads.

        Raises:
            CostModelError: its sizes are missing, or it cannot be read.
        """
        from costmodel.importers.foreign import REFUSE

        shape = self.shape(place)
        if place.endswith(ONNX):
            from costmodel.importers.onnx import read_onnx

            title = name or Path(place).stem
            return read_onnx(Path(place), shape, title, axes=self.axes, unread=unread or REFUSE)
        from costmodel.importers import read_module

        assert shape is not None
        return read_module(module, shape, name or name_of(place), axes=self.axes, unread=unread or REFUSE)

    def shape(self, place: str) -> tuple[int, ...] | None:
        """The sizes of a clip; None where an ONNX file is to say them.

        Raises:
            OptionError: they are missing, or no sizes.
        """
        if self.input is None and place.endswith(ONNX):
            return None
        if self.input is None:
            raise OptionError(f"{place}: is a factory; expected --input, such as 1x3x16x112x112")
        if not re.fullmatch(r"[1-9]\d{0,6}(x[1-9]\d{0,6})*", self.input):
            raise OptionError(f"--input: {self.input[:80]!r}, expected sizes such as 1x3x16x112x112")
        return tuple(map(int, self.input.split("x")))

    @property
    def flags(self) -> str:
        """The options that give it, safe to paste."""
        given = [(each, getattr(self, each.name)) for each in OPTIONS]
        shown = (f"{each.flag} {shell(str(value))}" for each, value in given if value != each.default)
        return " ".join(shown)


def name_of(place: str) -> str:
    """What a network is called: as its factory."""
    return place.rpartition(":")[2].rpartition(".")[2]


def kept(imported: Imported) -> Path:
    """A file of the weights of a network that was read, which is there until the program ends."""
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="costmodel-")
    _FOLDERS.append(folder)
    path = Path(folder.name) / f"{file_stem(imported.graph.name)}.safetensors"
    path.write_bytes(imported.weights_file())
    return path


def told(imported: Imported) -> None:
    """Says what a reader must know of a network that was read."""
    for note in imported.notes:
        tell(f"note: {note}")
