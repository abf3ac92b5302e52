"""Computes the papers' figures anew, and judges each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from costmodel.readable import plain
from costmodel.spec.load import Item
from reports.cells import UNCOMPUTED, Cell, Paper
from reports.implied import Implied, implied, is_sampled, told_alone, told_together
from reports.networks import Networks, NoNetworkError, Operands, shown
from reports.papers import paper, paper_names
from reports.printed import Value, agrees, decimals, is_cut_off, is_shape, number, rounded
from reports.verdicts import VERDICTS, verdict


@dataclass(frozen=True)
class Reproduced:
    """A printed figure, the one that we compute, and a verdict.

    Args:
        value: ours, unrounded: a number in the printed unit, or a shape as text; None where there is none.
        verdict: one of `VERDICTS`.
        reason: why it is not exact, or what it is computed from.
    """

    cell: Cell
    value: Value
    verdict: str
    reason: str

    @property
    def difference(self) -> Fraction | None:
        """Ours minus the printed figure; None where they are no numbers."""
        if self.value is None or isinstance(self.value, str):
            return None
        return self.value - number(self.cell.printed)

    @property
    def differs(self) -> bool:
        """Whether ours is another figure than the printed one."""
        return self.value is not None and not agrees(self.cell.printed, self.value)

    @property
    def shown(self) -> str:
        """Ours, to as many digits as are printed; the printed figure where there is none."""
        if self.value is None:
            return self.cell.printed
        if isinstance(self.value, str):
            return self.value
        digits = decimals(self.cell.printed)
        return f"{float(rounded(self.value, digits)):,.{digits}f}"

    @property
    def longer(self) -> str:
        """Ours with more digits than are printed, for a figure that differs."""
        return shown(self.value)

    def as_row(self) -> dict[str, object]:
        """The figure as a row, under the names that other programs rely on."""
        difference = None if self.difference is None else float(self.difference)
        return {
            "paper": self.cell.paper,
            "table": self.cell.table,
            "row": self.cell.row,
            "figure": self.cell.figure,
            "published": self.cell.printed,
            "computed": plain(self.value),
            "verdict": self.verdict,
            "reason": self.reason,
            "unit": self.cell.text("unit"),
            "difference": difference,
            "convention": self.cell.text("convention") if self.value is not None else "",
        }


def reproduce(names: Iterable[str] = ()) -> list[Reproduced]:
    """All figures of the papers, in their order.

    Raises:
        OptionError: a paper is not known.
        SpecError: a row names an unknown spec, option, convention or metric; the message names the row.
    """
    networks = Networks()
    return [found for name in (names or paper_names()) for found in reproduce_paper(paper(name), networks)]


def reproduce_paper(
    source: Paper, networks: Networks | None = None, wanted: Callable[[Cell], bool] = lambda cell: True
) -> list[Reproduced]:
    """All figures of one paper, or those that are wanted, in its order."""
    ours = Ours(source, networks or Networks())
    return [ours.reproduced(cell) for cell in source.cells if not cell.is_given and wanted(cell)]


def counts(figures: Iterable[Reproduced]) -> dict[str, int]:
    """How many figures have each verdict."""
    found = dict.fromkeys(VERDICTS, 0)
    for figure in figures:
        found[figure.verdict] += 1
    return found


class Ours:
    """Our figures for the cells of one paper."""

    def __init__(self, source: Paper, networks: Networks) -> None:
        self.paper = source
        self.networks = networks
        self.values: dict[tuple[str, str, str], Value] = {}
        self.means: dict[str, Implied] = {}

    def reproduced(self, cell: Cell) -> Reproduced:
        """A printed figure with ours, and the verdict."""
        if cell.claim == "implied" and is_sampled(cell, self.networks, self.paper.networks):
            return Reproduced(cell, None, "implied", self._filled(cell, self._implied(cell)))
        value, missing = None, ""
        try:
            value = self.value(cell)
        except NoNetworkError as error:
            missing = str(error)
        found, reason = verdict(cell, value, missing)
        if found == "implied":
            group = self._of_one_unknown(cell)
            right = sum(agrees(each.printed, self.value(each)) for each in group)
            of_all = f"all {right}" if right == len(group) else f"{right} of {len(group)}"
            reason += f"; gives {of_all} such figures"
        return Reproduced(cell, value, found, self._told(cell, reason, missing))

    def value(self, cell: Cell) -> Value:
        """Our figure for a cell; None where nothing is computed."""
        if not cell.text("value"):
            return None
        key = (cell.table, cell.row, cell.figure)
        if key not in self.values:
            self.values[key] = self.networks.value(cell, self.paper.networks, self._operands(cell))
        return self.values[key]

    def _told(self, cell: Cell, reason: str, missing: str) -> str:
        """A reason with its numbers; what a figure is computed from where nothing else is said."""
        known = self.paper.networks
        if not reason and not missing:
            return self.networks.described(cell, known) + self._of_cells(cell)
        return self._filled(cell, reason) + (
            f": {shown(self._instead(cell))}" if cell.text("instead") else ""
        )

    def _instead(self, cell: Cell) -> Value:
        """What gives the printed figure in place of the paper's own network: it must, as claimed."""
        text = cell.text("instead")
        found = self.networks.evaluated(cell, text, self.paper.networks, self._operands(cell))
        is_cut = isinstance(found, int | Fraction) and is_cut_off(cell.printed, found)
        if not is_cut and not agrees(cell.printed, found):
            raise cell.error(f"instead: {text} is {shown(found)}, expected what is printed as {cell.printed}")
        return found

    def _filled(self, cell: Cell, reason: str) -> str:
        """A reason with its numbers filled in."""
        if "{" not in reason:
            return reason
        return self.networks.filled(cell, reason, self.paper.networks, self._operands(cell))

    def _implied(self, cell: Cell) -> str:
        """The mean of active bins that a figure stands for, and whether one explains all that it should."""
        told = [told_alone(self._mean(cell)), cell.text("note")]
        group = self._of_one_unknown(cell)
        if len(group) > 1:
            told.append(told_together([self._mean(each) for each in group], cell.text("implied")))
        return "; ".join(each for each in told if each)

    def _mean(self, cell: Cell) -> Implied:
        if cell.place not in self.means:
            found = implied(cell, self.networks, self.paper.networks, self._operands(cell))
            self.means[cell.place] = found
        return self.means[cell.place]

    def _of_one_unknown(self, cell: Cell) -> list[Cell]:
        """All figures that hang on the same thing that the paper does not print."""
        figures = [each for each in self.paper.cells if each.claim == "implied" and not each.is_given]
        return [each for each in figures if each.text("implied") == cell.text("implied")]

    def _operands(self, cell: Cell) -> Operands:
        own = {} if is_shape(cell.printed) else {"printed": number(cell.printed)}
        return own | {name: self._operand(cell, item) for name, item in self._named(cell).items()}

    def _of_cells(self, cell: Cell) -> str:
        """Which figures of the paper a figure is made of."""
        used = set(re.findall(r"\w+", cell.text("value")))
        places = {name: _place(item) for name, item in self._named(cell).items() if name in used}
        return "".join(
            f"; {name}: {row}, {figure}, table {table}" for name, (table, row, figure) in places.items()
        )

    def _named(self, cell: Cell) -> Mapping[str, Item]:
        item = cell.settings.get("with")
        if item is None:
            return {}
        if not isinstance(item.value, dict):
            raise cell.error("`with` takes names of cells: {name: [table, row, figure]}")
        named: Mapping[str, Item] = item.value
        return named

    def _operand(self, cell: Cell, item: Item) -> Fraction:
        """Another cell's figure, to its digits: ours, or the printed one where that is quoted or open."""
        place = _place(item)
        other = self.paper.cell(*place) if len(place) == 3 else None
        if other is None or other.is_given:
            raise cell.error(f"`with` names no figure of the paper: {', '.join(place)}")
        # We have no figure of our own there.
        if other.claim in UNCOMPUTED:
            return number(other.printed)
        value = self.value(other)
        assert isinstance(value, int | Fraction)
        return rounded(value, decimals(other.printed))


def _place(item: Item) -> list[str]:
    return [str(part.value) for part in item.value] if isinstance(item.value, list) else []
