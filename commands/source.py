"""The network that a command is given: from a spec, a file of weights that says its own, or a factory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.factory import Making, is_factory, kept, told
from costmodel.errors import OptionError, WeightsError
from costmodel.escape import shell
from costmodel.names import file_stem
from costmodel.network import Network, Settings
from costmodel.numbers import exact
from costmodel.spec.document import Document, shipped_names
from costmodel.spec.document import document as shipped
from costmodel.spec.resolved import document_text, exact_text
from costmodel.transforms import Transform

if TYPE_CHECKING:  # files of weights are rare where specs are read, and `analyze` is to be quick
    from costmodel.weights import WeightsFile

SPECS = (".yaml", ".yml")
CHECKPOINTS = (".pt", ".pth", ".pyth", ".ckpt", ".tar")  # of torch.save, by their usual endings


@dataclass(frozen=True, eq=False, repr=False)
class Source(Network):
    """A network with the weights that a command was given for it, if any.

    Args:
        weights: the file of its weights.
        file: what that file says of itself; None where it says nothing, or of another network.
        making: how factories on the command line make their modules.
    """

    weights: Path | None = None
    file: WeightsFile | None = None
    making: Making = Making()

    @classmethod
    def read(
        cls,
        spec: str,
        variant: str | None,
        sets: Settings,
        transforms: tuple[Transform, ...],
        making: Making | None = None,
        *,
        with_weights: bool = False,
    ) -> Source:
        """The network that SPEC names: a path, a shipped name, a file of weights, or a factory.

        Args:
            spec: SPEC.
            variant: of a spec.
            sets: sizes that are set.
            transforms: those asked for.
            making: how factories make their modules.
            with_weights: whether the weights of a factory's module are wanted too.

        Raises:
            CostModelError: it cannot be read, or an option contradicts the file of weights.
        """
        making = making or Making()
        if is_factory(spec):
            return cls._of_factory(spec, variant, sets, transforms, making, with_weights)
        file = _weights_file(spec)
        if file is not None:
            return cls._of_file(file, spec, variant, sets, transforms)
        if Path(spec).suffix in CHECKPOINTS:
            raise WeightsError(
                f"{spec}: says nothing of the network that it is for; "
                "expected a spec, and this file as --weights"
            )
        return replace(cls.of(spec, variant, sets, transforms), making=making)

    @classmethod
    def _of_factory(
        cls,
        spec: str,
        variant: str | None,
        sets: Settings,
        transforms: tuple[Transform, ...],
        making: Making,
        with_weights: bool,
    ) -> Source:
        """The network that a factory's module is; its weights go to a file that ends with the program."""
        imported = making.read(spec, making.module(spec))
        told(imported)
        found = cls(imported.network.document, sets, transforms, variant, spec, making=making)
        return found.taking(kept(imported)) if with_weights else found

    @classmethod
    def _of_file(
        cls,
        file: WeightsFile,
        spec: str,
        variant: str | None,
        sets: Settings,
        transforms: tuple[Transform, ...],
    ) -> Source:
        own = file.known.network
        # a size that the file's network does not have may still be a transform's
        given = {name: value for name, value in sets.items() if name in own.sizes and not _is_free(own, name)}
        found = "; ".join((*_variants(own, variant), *_sizes(own, given), *_chosen(own, transforms)))
        if found:
            raise WeightsError(f"{spec}: is of another network: {found}")
        settings = {**own.settings, **{name: sets[name] for name in sets if name not in given}}
        # first those that the weights were trained through, then what the command line adds
        held = tuple(_as_asked(each, transforms) for each in own.transforms)
        further = [each for each in transforms if own.made_by(type(each)) is None]
        if own.is_stream:  # as `--continual` asks for it, which then says nothing new
            further = [each for each in further if not each.gives_stream or each.chosen]
        made = (*held, *further)
        return cls(own.document, settings, made, own.variant, spec, weights=file.path, file=file)

    @property
    def is_of_file(self) -> bool:
        """Whether a file of weights stands for SPEC."""
        return self.file is not None and self.spec == str(self.file.path)

    def taking(self, weights: Path | None) -> Source:
        """The source with the weights of `--weights`; a file that says its network must say the same one.

        The number of classes is the file's where it is not set.

        Raises:
            CostModelError: the file cannot be read, is of another network, or is one too many.
        """
        if weights is None:
            return self
        self._must_have_none()
        file = _weights_file(weights)
        if file is None or file.about is None:
            return replace(self, weights=weights)
        own = file.about.network
        source = self
        if "classes" in own.sizes and "classes" in self.document.globals and "classes" not in self.settings:
            # only where `--set classes` is not given, which is an error if it differs
            source = self.with_sizes({"classes": own.sizes["classes"]})
        found = "; ".join(_differences(source, own))
        if found:
            raise WeightsError(f"{weights}: is of another network than {self.spec}: {found}")
        return replace(source, weights=weights, file=file)

    def starting_from(self, weights: Path | None) -> Source:
        """The source with weights to train from, which may belong in part to another network."""
        if weights is None:
            return self
        self._must_have_none()
        return replace(self, weights=weights)

    def _must_have_none(self) -> None:
        if self.is_of_file:
            raise OptionError("--weights: SPEC is a file of weights itself; give one of the two")

    @property
    def needed_weights(self) -> Path:
        """The file of its weights.

        Raises:
            OptionError: it has none.
        """
        if self.weights is None:
            raise OptionError("--weights: is missing; expected it, or a file of weights as SPEC")
        return self.weights

    @property
    def flags(self) -> str:
        """The command line that gives it, behind the command's name."""
        if is_factory(self.spec):
            return f"{super().flags} {self.making.flags}"
        if not self.is_of_file:
            return super().flags
        if self._sizes_moved:  # another network of the file's spec, such as a search finds
            spec = _shipped(self.document) or self._spec_file
            return replace(self, spec=spec, weights=None, file=None).flags
        assert self.file is not None
        own = self.file.known.network
        further = (each.flags for each in self.transforms if own.made_by(type(each)) != each)
        return " ".join((self._as_argument, *further))

    @property
    def written_first(self) -> str:
        """The command that writes the spec that `flags` names, where a file of weights alone holds it."""
        if not self.is_of_file or not self._sizes_moved or _shipped(self.document):
            return ""
        return f"costmodel emit {self._as_argument} --as spec --out {self._spec_file}"

    @property
    def _spec_file(self) -> str:
        return f"{file_stem(self.document.name)}_spec.yaml"

    @property
    def _as_argument(self) -> str:
        return shell(f"./{self.spec}" if self.spec.startswith("-") else self.spec)

    @property
    def _sizes_moved(self) -> bool:
        assert self.file is not None
        own = self.file.known.network
        return any(_sizes(own, {name: size for name, size in self.sizes.items() if not _is_free(own, name)}))

    @property
    def weights_note(self) -> str:
        """A warning where the weights were trained without some of its transforms; mostly empty."""
        if self.file is None:
            return super().weights_note
        own = self.file.known.network
        further = tuple(each for each in self.transforms if own.made_by(type(each)) is None)
        return Network(self.document, self.settings, further).weights_note if further else ""


def _shipped(document: Document) -> str:
    """The name of the shipped spec that says the same as one of a file; empty where there is none."""
    name = document.name
    is_same = name in shipped_names() and document_text(shipped(name)) == document_text(document)
    return name if is_same else ""


def _weights_file(path: str | Path) -> WeightsFile | None:
    """A file of weights that says something; None where a path is none, or is a spec's name."""
    place = Path(path)
    if place.suffix in SPECS or (place.suffix != ".safetensors" and not place.is_file()):
        return None
    from costmodel.weights import is_weights_file, read_weights_file

    return read_weights_file(path) if is_weights_file(path) else None


def transforms_of_file(spec: object) -> tuple[Transform, ...]:
    """The transforms that weights were trained through, where SPEC is a file of them."""
    file = _weights_file(spec) if isinstance(spec, str) and not is_factory(spec) else None
    return () if file is None else file.known.network.transforms


def _is_free(own: Network, name: str) -> bool:
    """Whether a size is a transform's that no weight depends on."""
    return name not in own.document.globals and any(name in each.weightless for each in own.transforms)


def _as_asked(own: Transform, asked: tuple[Transform, ...]) -> Transform:
    """A transform of a file, with the options that no weight depends on as a command line has them."""
    return next((own.run_as(each) for each in asked if type(each) is type(own)), own)


def _variants(own: Network, variant: str | None) -> Iterator[str]:
    if variant is not None and own.document.settings(variant, {}) != own.document.settings(own.variant, {}):
        yield f"--variant {variant}, the file has {own.variant or own.document.variant or 'none'}"


def _sizes(own: Network, sets: Mapping[str, object]) -> Iterator[str]:
    """The sizes that are other in a file."""
    for name, value in sets.items():
        theirs = own.sizes.get(name, value)
        if value != theirs:
            yield f"{name}={exact_text(exact(value))}, the file has {name}={exact_text(exact(theirs))}"


def _chosen(own: Network, transforms: tuple[Transform, ...]) -> Iterator[str]:
    """The transforms whose options, as far as they are given, are other in a file."""
    for each in transforms:
        theirs = own.made_by(type(each))
        word = each.own_option()
        # The value of its word is given, even where it is the default.
        given = {**each.chosen, **({} if word is None else {word.name: getattr(each, word.name)})}
        options = ((name, value) for name, value in given.items() if name not in each.weightless)
        if theirs is not None and any(value != getattr(theirs, name) for name, value in options):
            yield f"{each.flags}, the file has {theirs.flags}"


def _differences(given: Network, own: Network) -> Iterator[str]:
    """In what a network differs from the one that weights were trained as."""
    from costmodel.address import address

    for each in own.transforms:
        mine = given.made_by(type(each))
        # weights trained as a stream fit the clip network as well: they are the same tensors
        if mine is None and not each.gives_stream:
            yield f"the file has {each.flags}"
        elif mine is not None and not mine.fits_weights_of(each):
            yield f"{mine.flags}, the file has {each.flags}"
    plain, theirs = (replace(each, transforms=()) for each in (given, own))
    # Unfolded: repeated blocks of a spec, and the same ones written out, are one network.
    if address(plain.graph()) == address(theirs.graph()):
        return
    sizes = tuple(_sizes(theirs, plain.sizes))
    yield from sizes or (f"the file has {own.document.name} with other layers",)
