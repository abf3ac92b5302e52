import pytest

from cli import main
from costmodel.validation import room


def test_a_network_that_memory_cannot_hold_is_refused_with_what_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(room, "memory_bytes", lambda: 280_000)
    assert main(["validate", "digits"]) == 2
    assert capsys.readouterr().err == (
        "error: digits: validate holds its 16,412 parameters three times in 64 bits, 0.0 GiB of 0.0 that "
        "this machine has; a network of 10,000 parameters fits\n"
    )


def test_the_memory_is_that_of_the_machine():
    assert room.memory_bytes() > 2**20
