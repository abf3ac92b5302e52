"""The page "make your own network stream", run from its first line to its last."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli import main

PAGE = Path(__file__).resolve().parent.parent / "docs" / "own-network.md"


def blocks() -> list[tuple[str, str]]:
    """The blocks of code, each with its language."""
    return re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_page_ends_with_a_prediction_for_each_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    (_, module), *middle, (_, last) = blocks()
    (tmp_path / "net.py").write_text(module)
    for language, text in middle:
        assert language == "sh"
        for line in text.splitlines():
            name, *words = shlex.split(line)
            assert (name, main(words)) == ("costmodel", 0), capsys.readouterr().err
    assert "Changed: squeeze-excite pools each frame alone" in (tmp_path / "actions/README.md").read_text()
    capsys.readouterr()
    exec(compile(last, str(PAGE), "exec"), {})
    told = capsys.readouterr().out.splitlines()
    # an answer waits for the two frames that its blocks look ahead, and for the pool of eight
    assert [line.partition(":")[0] for line in told] == [f"frame {number}" for number in range(9, 20)]
    assert all(re.fullmatch(r"frame \d+: class [0-3]", line) for line in told)
