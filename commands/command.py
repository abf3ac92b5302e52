"""The commands as data: each a table of options, the function that runs it, and its help text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from shlex import split
from typing import Literal

from commands.checkpoint import with_reading
from commands.factory import OPTIONS as OF_FACTORIES
from commands.factory import Making, is_factory
from commands.heading import running
from commands.index import known, listed
from commands.options import LINES, MAYBE_SPEC, SET, SPEC, SPECS, VARIANT
from commands.parser import Given, flags_of, parse
from commands.printing import put
from commands.source import Source, transforms_of_file
from commands.transforms import asked, transform_options, words_in
from costmodel.errors import OptionError
from costmodel.options import Option, Value
from costmodel.spec import parse_set
from costmodel.transforms.base import Transform

Takes = Literal["nothing", "spec", "maybe", "specs", "lines"]


@dataclass(frozen=True)
class Command:
    """A command as data.

    Args:
        run: gets the network or networks first, where it takes a SPEC, then each option by its name; what it
            returns is the exit code.
        help: what it does, with examples.
        options: its own options and arguments; a SPEC brings those of networks and transforms along.
        takes: whether it takes no SPEC, one, perhaps one, one and more, or networks each with its own line of
            options, such as "x3d --variant S".
        implies: its own switches that ask for a transform, such as `stepwise` for `continual`.
        has: the transforms that it makes unless `--no-word` leaves them out.
    """

    run: Callable[..., int | None]
    help: str
    options: tuple[Option, ...] = ()
    takes: Takes = "nothing"
    implies: Mapping[str, str] = field(default_factory=dict)
    has: tuple[str, ...] = ()

    @cached_property
    def table(self) -> tuple[Option, ...]:
        """All its options, those that every command on a network has included."""
        return self._with()

    def _with(self, among: tuple[str, ...] | None = None) -> tuple[Option, ...]:
        """All its options, of these transforms alone where they are given."""
        if self.takes == "nothing":
            return self.options
        if self.takes == "lines":
            return (LINES, *self.options)
        spec = {"spec": SPEC, "maybe": MAYBE_SPEC, "specs": SPECS}[self.takes]
        of_factories = (each for each in OF_FACTORIES if each.name not in self._own)
        # the SPEC first: arguments without a flag are given out in the order of the table
        return (spec, VARIANT, SET, *of_factories, *transform_options(self.has, among), *self.options)

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(each.name for each in self.options)

    def __call__(self, name: str, arguments: Sequence[str]) -> int | None:
        """Runs it, under the name by which it was called, as a command line says.

        Raises:
            CostModelError: the command line is wrong, or the command cannot do what it asks for.
        """
        given, among = self._read(arguments)
        if given.wants_help:
            from commands.help_page import print_help

            print_help(self, name)
            return 0
        # its own options alone: what concerns the network has become the network
        own = with_reading({each.name: given.values[each.name] for each in self.options})
        if self.takes == "nothing":
            with running(name):
                return self.run(**own)
        network: Source | list[Source] | None
        if self.takes == "lines":
            lines = given.values["lines"]
            assert isinstance(lines, tuple)
            network = [network_of(str(each)) for each in lines]
        else:
            network = self._network(given, among)
        with running(name, network):
            return self.run(network, **own)

    def network(self, arguments: Sequence[str]) -> Source:
        """The network that a command line with one SPEC and nothing else names.

        Raises:
            CostModelError: the command line is wrong, or there is no such network.
        """
        given, among = self._read(arguments)
        if given.wants_help:
            raise OptionError("--help: is for a command, not for one of its networks")
        found = self._network(given, among)
        assert isinstance(found, Source)
        return found

    def _read(self, arguments: Sequence[str]) -> tuple[Given, tuple[str, ...] | None]:
        """A command line, and the transforms that it was read with: None for all of them.

        First with those alone that it names, which is quicker; what is wrong with it, and its help, must know
        all of them.

        Raises:
            OptionError: the command line is wrong.
        """
        if self.takes not in ("nothing", "lines"):
            among = words_in((*arguments, *(f"--{word}" for word in (*self.has, *self.implies.values()))))
            try:
                given = parse(self._with(among), arguments)
            except OptionError:
                given = Given({}, wants_help=True)
            if not given.wants_help:
                return given, among
        try:
            return parse(self.table, arguments), None
        except OptionError as error:
            if self.takes == "lines" and self._is_of_a_network(arguments):
                raise OptionError(f"{error}; {QUOTED}") from error
            raise

    def _is_of_a_network(self, arguments: Sequence[str]) -> bool:
        """Whether the first option that is not its own is one of a network."""
        own, of_networks = (set(flags_of(each)) for each in (self.table, LINE.table))
        flags = [each.partition("=")[0] for each in arguments if each.startswith("--")]
        unknown = next((each for each in flags if each not in own), None)
        return unknown in of_networks

    def _network(self, given: Given, among: tuple[str, ...] | None) -> Source | list[Source] | None:
        spec = given.values["spec"]
        if spec is None:
            # Taken without a word they would have no effect.
            self._refuse_network_options(given)
            return None
        implied = [word for name, word in self.implies.items() if given.values[name]]
        # those implied come last: a stream is made of the clip network as the other transforms leave it
        transforms = asked(given, [*implied, *self.has], among, lambda: transforms_of_file(spec))
        specs = spec if isinstance(spec, tuple) else (spec,)
        self._refuse_factory_options(given, [str(each) for each in specs])
        if isinstance(spec, tuple):
            return [self._source(str(each), given.values, transforms) for each in spec]
        return self._source(str(spec), given.values, transforms)

    def _source(self, spec: str, values: Mapping[str, Value], transforms: tuple[Transform, ...]) -> Source:
        sets = values["set"]
        assert isinstance(sets, tuple)
        variant = values["variant"]
        given = dict(parse_set(str(text)) for text in sets)
        making = Making.of(values, self._own)
        chosen = None if variant is None else str(variant)
        wants = "weights" in self._own
        return Source.read(spec, chosen, given, transforms, making, with_weights=wants)

    def _refuse_network_options(self, given: Given) -> None:
        for each in self.table:
            if each.name in given.order and each.name not in self._own:
                raise OptionError(f"{each.flag}: is for a SPEC; name one")

    def _refuse_factory_options(self, given: Given, specs: Sequence[str]) -> None:
        """Refuses what would have no effect: options of factories where there is none."""
        if given.values.get("against") is not None or any(map(is_factory, specs)):
            return
        for each in OF_FACTORIES:
            if each.name in given.order and each.name not in self._own:
                raise OptionError(f"{each.flag}: is for package.module:factory as SPEC; name one")


LINE = Command(lambda source: None, "A network with its options.", takes="spec")
QUOTED = 'options of a network stand with it in quotes, such as "x3d --variant S --continual"'


def network_of(line: str) -> Source:
    """The network of a line of its own, such as `x3d --variant S --continual --pool 64`.

    Raises:
        CostModelError: the line is wrong, or there is no such network.
    """
    try:
        words = split(line)
    except ValueError as error:  # shlex tells of quotes that do not close
        raise OptionError(f"{line!r}: {str(error).lower()}") from error
    try:
        return LINE.network(words)
    except OptionError as error:
        raise OptionError(f"{line!r}: {error}") from error


@dataclass(frozen=True)
class Group:
    """Commands under one word, such as `study list`."""

    about: str
    commands: Mapping[str, Command]

    def __call__(self, name: str, arguments: Sequence[str]) -> int | None:
        """Runs one of them, or lists them.

        Raises:
            CostModelError: there is no such command, or it raises one.
        """
        # without a word the user is told which there are, as by `costmodel` itself, and it is no mistake
        if not arguments or arguments[0] == "--help":
            lines = {word: each.help.partition("\n")[0] for word, each in self.commands.items()}
            put(f"{self.about}\n\nUsage: costmodel {name} COMMAND [OPTIONS]\n\n{listed(lines)}")
            return 0
        word = known(arguments[0], self.commands, f"command of {name}")
        return self.commands[word](f"{name} {word}", arguments[1:])
