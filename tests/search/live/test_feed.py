"""A source that goes away and comes back is a new stream of the same batch."""

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from encoded import encode, shown

from search.live import feed as feed_module
from search.live.feed import Fed, Feed
from search.live.sources import source_of


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


def served(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def closed(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


def taken(feed: Feed, enough: Callable[[], object]) -> list[Fed]:
    """The frames that come until there is enough."""
    found, deadline = [], time.monotonic() + 30
    while not enough() and time.monotonic() < deadline:
        fed = feed.take(0.02)
        found += [] if fed is None else [fed]
    assert enough()
    return found


def test_an_address_that_comes_back_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_module, "RETRY_SECONDS", 0.05)
    encode(tmp_path / "a.mp4", shown(9), rate=30)
    server = served(tmp_path)
    port, told = server.server_port, list[str]()
    source = source_of(f"http://127.0.0.1:{port}/a.mp4")
    feed = Feed(
        source,
        Fraction(30),
        lambda frames: [torch.tensor(each) for each in frames],
        is_live=False,
        tell=told.append,
    )
    feed.start()
    try:
        first = taken(feed, lambda: feed.joined)
        closed(server)
        first += taken(feed, lambda: told)
        assert len(told) == 1
        assert told[0].startswith(f"http://127.0.0.1:{port}/a.mp4: cannot be opened (")
        times = feed.joined
        server = served(tmp_path, port)
        again = taken(feed, lambda: feed.joined > times)
    finally:
        feed.stop()
        closed(server)
    assert first[0].starts
    # the clock of a recording is its own, and the stream of the batch begins anew with it
    starts = [fed for fed in [*first, *again] if fed.starts]
    assert len(starts) >= 2
    assert all(fed.seconds < Fraction(1, 3) for fed in starts)
    assert len(told) == 1
