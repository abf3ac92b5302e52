"""What a search of whole grids goes through: the designs of one spec or several, in one form or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from costmodel.errors import OptionError, nearest
from costmodel.network import Network
from costmodel.spec.axes import choices_of, declares_none
from search.problem.designs import Family
from search.problem.forms import Choice, checked, in_words, parse_choice, refusal, variants
from search.problem.space import Space, space_of
from search.sweep.grid import Axis, parse_axis

SPEC = "spec"


@dataclass(frozen=True)
class Terms:
    """What figures are counted in: the type of numbers, the camera's rate, the clips of a training step."""

    dtype: str = "fp32"
    fps: Fraction | None = None
    batch: int | None = None

    def family(self, network: Network) -> Family:
        """All networks of one spec, under these terms."""
        return Family(network, self.dtype, self.fps, self.batch)


@dataclass(frozen=True)
class Spaces:
    """The spaces to go through, and what a reader must know: forms left out, axes that no spec declares."""

    spaces: tuple[Space, ...]
    notes: tuple[str, ...]


def spaces_of(networks: Sequence[Network], over: Sequence[str], terms: Terms) -> Spaces:
    """The spaces of several networks, each with the axes of its spec, some replaced or added by `--over`.

    Raises:
        OptionError: an axis is wrong, or is none of any network; no form can be had.
    """
    choices = {each.name: each for text in over if (each := parse_choice(text, "--over")) is not None}
    sizes = [parse_axis(text, "--over") for text in over if parse_choice(text, "--over") is None]
    _must_be_known(sizes, networks)
    networks = [each.with_input_sizes() for each in networks]
    notes: list[str] = []
    found = [
        space
        for network in networks
        for space in _spaces(network, choices, sizes, terms, notes, is_one=len(networks) == 1)
    ]
    if not found:
        raise OptionError("; ".join(notes) or "--over: no designs")
    return Spaces(tuple(found), tuple(dict.fromkeys(notes)))


def _spaces(
    network: Network,
    given: Mapping[str, Choice],
    sizes: Sequence[Axis],
    terms: Terms,
    notes: list[str],
    *,
    is_one: bool,
) -> Iterator[Space]:
    document = network.document
    title = network.spec or document.name
    declared = {name: checked(Choice(name, values), "axes") for name, values in choices_of(document).items()}
    label = {} if is_one else {SPEC: f"{title} {network.variant}" if network.variant else title}
    for named, made in variants(network, tuple({**declared, **given}.values())):
        reason = refusal(made)
        if reason:
            if not named:
                raise OptionError(reason)
            notes.append(f"{title}: {in_words(named)} is left out: {reason}")
            continue
        own = [axis for axis in sizes if is_one or axis.name in made.size_names]
        space = space_of(terms.family(made), made.sizes, own)
        if declares_none(document):
            moved = ", ".join(axis.name for axis in space.axes)
            notes.append(f"{title}: declares no axes; those of its input are taken: {moved}")
        yield Space(space.family, space.start, space.axes, label | dict(named))


def _must_be_known(sizes: Sequence[Axis], networks: Sequence[Network]) -> None:
    """Refuses an axis that no network has; one that some have is theirs alone."""
    known = {name for network in networks for name in network.size_names}
    for axis in sizes:
        if len(networks) > 1 and axis.name not in known:
            raise OptionError(f"--over {axis.name}: no network has such a size{nearest(axis.name, known)}")
