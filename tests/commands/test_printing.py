"""A line of progress stays one line of the terminal, and is gone at the end."""

import io

import pytest

from commands.printing import progress_line, tell


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


def test_a_note_breaks_between_words_in_a_terminal_alone(monkeypatch: pytest.MonkeyPatch):
    note = "note: a line of more letters than there is room for, of which none is lost"
    monkeypatch.setenv("COLUMNS", "50")
    for screen, shown in ((Terminal(), note.replace("room for", "room\nfor")), (io.StringIO(), note)):
        monkeypatch.setattr("sys.stderr", screen)
        tell(note)
        assert screen.getvalue() == f"{shown}\n"


def test_a_log_gets_no_progress(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with progress_line() as line:
        assert line is None
