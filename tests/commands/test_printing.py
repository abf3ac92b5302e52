"""A line of progress stays one line of the terminal, and is gone at the end."""

import io

import pytest

from commands.printing import progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_cut_to_the_terminal_and_wiped(monkeypatch: pytest.MonkeyPatch):
    screen = Terminal()
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr("sys.stderr", screen)
    with progress_line() as line:
        assert line is not None
        line("a line of more letters than there is room for")
        line("short")
    assert screen.getvalue().split("\r") == ["", "a line of more lett", f"{'short':19}", " " * 19, ""]


def test_a_log_gets_no_progress(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress_line() as line:
        assert line is None
