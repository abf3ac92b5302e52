"""A paper's networks, and the arithmetic over their metrics with which its figures are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from costmodel.analysis.figures import Figures
from costmodel.arithmetic import parse
from costmodel.errors import CostModelError, OptionError, nearest
from costmodel.network import Network
from costmodel.numbers import is_exact
from costmodel.spec import Document, document
from costmodel.spec.load import Item
from costmodel.transforms import TRANSFORMS, Transform
from reports.cells import Cell
from reports.expressions import Names, Part, texts
from reports.printed import Value

Operands = Mapping[str, Fraction]
_DOTTED = re.compile(r"\b([A-Za-z]\w*)\.([A-Za-z]\w*)")
_INSERTED = re.compile(r"\{([^{}]+)\}")


class NoNetworkError(CostModelError):
    """A figure is about a network that has no spec; says why."""


class Networks:
    """Networks and their figures, each built once for a spec with its options."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.networks: dict[object, Network] = {}
        self.figures: dict[Network, Figures] = {}

    def value(self, cell: Cell, known: Mapping[str, Item], operands: Operands) -> Value:
        """The value of a cell's own expression; see `evaluated`."""
        return self.evaluated(cell, cell.text("value"), known, operands)

    def evaluated(self, cell: Cell, text: str, known: Mapping[str, Item], operands: Operands) -> Value:
        """The value of an expression about a cell.

        A name is a metric or a size of the cell's network, or `network.metric` of another one, or an operand.
        `layers` limits metrics to layers whose names match one of its patterns; `shape` is the output of the
        last.

        Raises:
            SpecError: it names something unknown; the message names the row.
            NoNetworkError: a network has no spec.
        """
        try:
            names = Names(cell, operands, lambda name: self._part(cell, known, name))
            if text == "shape":
                return names.shape(cell.printed.count("x") + cell.printed.count("^2") + 1)
            # the arithmetic knows names alone: `x3d_m.macs` is read as `x3d_m__macs`
            found = parse(_DOTTED.sub(r"\1__\2", text)).value(names)
        except NoNetworkError:
            raise
        except CostModelError as error:
            raise cell.error(str(error).replace("__", ".")) from error
        assert is_exact(found)  # the sizes of published networks are numbers
        return found if isinstance(found, int) else Fraction(found)

    def filled(self, cell: Cell, text: str, known: Mapping[str, Item], operands: Operands) -> str:
        """A reason with each expression in braces replaced by its value, so that none is typed."""

        def value(match: re.Match[str]) -> str:
            return shown(self.evaluated(cell, match[1], known, operands))

        return _INSERTED.sub(value, text)

    def network(self, cell: Cell, known: Mapping[str, Item]) -> Network:
        """The network that a cell is about.

        Raises:
            SpecError: it names none, or one that is not known.
            NoNetworkError: it has no spec.
        """
        try:
            return self._built(self._given(known, cell.text("network")))
        except NoNetworkError:
            raise
        except CostModelError as error:
            raise cell.error(str(error)) from error

    def described(self, cell: Cell, known: Mapping[str, Item]) -> str:
        """What a figure of ours is computed from: its expression, and the command line of its network."""
        expression = cell.text("value")
        layers = cell.settings.get("layers")
        of_layers = "" if layers is None else f" of layers {' '.join(texts(layers.value) or ())}"
        # an expression that names its networks needs no other
        is_told = bool(_DOTTED.search(expression)) or not cell.text("network")
        return f"{expression}{of_layers}{'' if is_told else f' of {self.network(cell, known).flags}'}"

    def _part(self, cell: Cell, known: Mapping[str, Item], name: str) -> Part:
        given = self._given(known, name or cell.text("network"))
        network = self._built(given)
        if network not in self.figures:
            self.figures[network] = Figures(network.graph())
        return Part(self.figures[network], network.sizes, texts(given.get("layers")))

    def _given(self, known: Mapping[str, Item], name: str) -> dict[str, Any]:
        if not name:
            raise OptionError("no `network` to take the figure of")
        if name not in known:
            raise OptionError(f"unknown network {name!r}{nearest(name, known)}")
        given = {key: item.value for key, item in known[name].value.items()}
        if given.get("open"):
            raise NoNetworkError(str(given["open"]))
        return given

    def _built(self, given: Mapping[str, Any]) -> Network:
        sets = {key: item.value for key, item in (given.get("set") or {}).items()}
        spec, transforms = str(given["spec"]), tuple(_transforms(given))
        source = (spec, given.get("variant"), tuple(sorted(sets.items())))
        # One network for all its transforms: the graphs ahead of them are made once.
        if (source, ()) not in self.networks:
            self.networks[source, ()] = Network(self._document(spec), sets, (), given.get("variant"), spec)
        network = self.networks[source, ()]
        for each in transforms:
            network = network.with_transform(each)
        return self.networks.setdefault((source, transforms), network)

    def _document(self, spec: str) -> Document:
        if spec not in self.documents:
            self.documents[spec] = document(spec)
        return self.documents[spec]


def shown(value: Value) -> str:
    """A value in a sentence: whole numbers in full, others to six digits, or to two behind the point."""
    if value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.2f}" if abs(value) >= 10**5 else f"{float(value):,.6g}"


def _transforms(given: Mapping[str, Any]) -> Iterator[Transform]:
    """The transforms that a network of a paper asks for, in the order of its keys."""
    for word in given:
        if word in TRANSFORMS and given[word]:
            names = [each.name for each in TRANSFORMS[word].options()]
            yield TRANSFORMS[word].of({name: given[name] for name in names if name in given})
