"""What `convert` writes of a module: files in a folder that appears whole, each of them proven."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.printing import tell
from costmodel.errors import CostModelError, EmitError
from costmodel.files import OutputError
from costmodel.names import file_stem
from costmodel.network import Network
from reports.converted import Converted, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from costmodel.emit.stream import StreamNetwork
    from costmodel.validation.check import Check
    from costmodel.weights import About

WEIGHTS = "weights.safetensors"


class ConversionError(CostModelError):
    """The stream of a module does not answer as the module does: a defect of this tool."""


@dataclass(frozen=True)
class Conversion:
    """A module, and the network whose stream it becomes.

    Args:
        given: the command line that made it, from the factory on.
        module: the module.
        order: the order of a clip's axes as it takes it.
        network: the clip network.
        tensors: its weights, the module's own.
        changes: what the stream does otherwise than the module.
        seed: of the clips that it is tried on.
    """

    given: str
    module: nn.Module
    order: Sequence[str]
    network: Network
    tensors: Mapping[str, Tensor]
    changes: tuple[str, ...]
    seed: int

    @property
    def stem(self) -> str:
        """Of the names of its files."""
        return file_stem(self.network.document.name)


def write(conversion: Conversion, out: Path) -> list[Check]:
    """Proves a stream and writes its folder; gives what was compared.

    Raises:
        ConversionError: an answer differs; nothing is written then.
        OutputError: the folder cannot be written.
    """
    from costmodel.emit import emit
    from costmodel.emit.stream import StreamNetwork
    from costmodel.emit.weights_format import write_weights
    from costmodel.spec.resolved import spec_text
    from costmodel.validation.against import check_against
    from costmodel.validation.costs import check_costs
    from costmodel.weights import About

    network, stream = conversion.network, conversion.network.continual()
    with _appearing(out) as folder:
        (folder / f"{conversion.stem}.yaml").write_text(spec_text(network.document), encoding="utf-8")
        # Copies: a tensor that two layers share would be written once, and readers want both.
        own = {name: each.clone() for name, each in conversion.tensors.items()}
        write_weights(folder / WEIGHTS, own, About(network))
        tell("3 of 4: running the module and the stream side by side")
        weights, order, seed = folder / WEIGHTS, conversion.order, conversion.seed
        checks = _must_hold(check_costs(stream.graph()))
        checks += _must_hold(check_against(stream, weights, conversion.module, order, seed))
        running = emit(stream.graph())
        assert isinstance(running, StreamNetwork)
        running.load_state_dict(own)
        running.eval()
        tell("4 of 4: writing the stream")
        checks += _must_hold(_programs(conversion, running, About(stream), folder))
        has = [(folder / f"{conversion.stem}.{kind}").exists() for kind in ("py", "onnx")]
        told = Converted(conversion.given, stream.graph(), conversion.changes, checks, conversion.stem, *has)
        (folder / "README.md").write_text(page(told), encoding="utf-8")
    return checks


def _must_hold(checks: Iterator[Check]) -> list[Check]:
    held = []
    for each in checks:
        if each.holds is False:
            found = f"{each.measured}, expected {each.predicted}{' at most' * each.is_limit}"
            raise ConversionError(f"{each.what}: {found}: {each.note}; nothing is written")
        if each.holds is None:
            tell(f"note: {each.what}: not measured, {each.note}")
        held.append(each)
    return held


def _programs(conversion: Conversion, running: StreamNetwork, about: About, folder: Path) -> Iterator[Check]:
    """Writes the stream as source and as ONNX, where it can be, and compares each with the stream."""
    from costmodel.emit.export import export_onnx, export_onnx_frames
    from costmodel.emit.source import source_text
    from costmodel.validation.files import check_onnx, check_source

    try:
        text = source_text(running.graph, about)
        (folder / f"{conversion.stem}.py").write_text(text, encoding="utf-8")
        yield check_source(text, running, conversion.seed)
    except EmitError as error:
        tell(f"note: no Python file: {error}")
    path = folder / f"{conversion.stem}.onnx"
    try:
        try:
            export_onnx_frames(running, path, about=about)
        except EmitError as error:  # of rank 5 at least
            export_onnx(running, path, about=about)
            tell(f"note: {error}")
        yield check_onnx(path, running, conversion.seed)
    except EmitError as error:
        tell(f"note: no ONNX: {error}")


def must_be_new(out: Path) -> None:
    """Refuses a folder that holds something.

    Raises:
        OutputError: it does.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise OutputError(f"{out}: is there already, expected a folder to be made")


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder beside the one that is asked for, which takes its name once all is in it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {(error.strerror or str(error)).lower()}") from error
    try:
        yield folder
        folder.chmod(0o755)
        try:
            folder.replace(out)
        except OSError as error:
            raise OutputError(
                f"{out}: cannot be written, {(error.strerror or str(error)).lower()}"
            ) from error
    finally:  # an interruption too leaves nothing behind
        shutil.rmtree(folder, ignore_errors=True)
