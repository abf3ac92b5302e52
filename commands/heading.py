"""What the JSON of every command begins with: the version, the command, and the network that it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

import costmodel
from costmodel.errors import CostModelError

if TYPE_CHECKING:  # help and the list of commands print too, and need no network
    from costmodel.network import Network

SCHEMA = 1  # of the JSON of all commands: raised where a key is renamed or goes, not where one is added


@dataclass(frozen=True)
class _Running:
    """The command that is running, and the network or networks that it was given."""

    command: str
    networks: Network | Sequence[Network] | None


_running: ContextVar[_Running | None] = ContextVar("running", default=None)


@contextmanager
def running(command: str, networks: Network | Sequence[Network] | None = None) -> Iterator[None]:
    """Says which command prints, and what it was given."""
    token = _running.set(_Running(command, networks))
    try:
        yield
    finally:
        _running.reset(token)


def heading() -> dict[str, object]:
    """The keys that stand ahead of a command's own."""
    current = _running.get()
    networks = current.networks if current else None
    found = [described(each) for each in networks] if isinstance(networks, Sequence) else None
    return {
        "version": costmodel.__version__,
        "schema": SCHEMA,
        "command": current.command if current else None,
        "network": found if networks is None or isinstance(networks, Sequence) else described(networks),
        **({} if networks is None else {"partial": bool(missing()), "missing": missing()}),
    }


def missing() -> list[str]:
    """The layers that the totals of the command's networks leave out, as nothing is known of them."""
    current = _running.get()
    networks = current.networks if current else None
    found: dict[str, None] = {}
    for each in networks if isinstance(networks, Sequence) else [networks] if networks else []:
        with suppress(CostModelError):  # of many designs, the spec's own may be none
            found |= dict.fromkeys(each.graph().missing)
    return list(found)


def described(network: Network) -> dict[str, object]:
    """A network as its command line gives it: spec, sizes and transforms."""
    from costmodel.numbers import exact, is_exact
    from costmodel.readable import plain

    sizes = {
        name: plain(exact(value)) if is_exact(value) else str(value) for name, value in network.sizes.items()
    }
    return {
        "spec": network.spec or network.document.name,
        "variant": network.variant,
        "set": {name: sizes[name] for name in network.settings if name in sizes},
        "sizes": sizes,
        "every": plain(network.every),
        "transforms": [each.to_dict() for each in network.transforms],
    }
