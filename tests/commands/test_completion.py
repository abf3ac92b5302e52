"""Completion: a shell that has read the script offers commands, options, choices and specs."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

import cli

# asks bash as it asks itself at a press of the tabulator
ASK = """
source {script}
asked=$(complete -p costmodel | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
COMP_LINE="{words}"; COMP_POINT=${{#COMP_LINE}}
$asked costmodel "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "costmodel.bash"
    with pytest.MonkeyPatch.context() as patch:
        texts: list[str] = []
        patch.setattr("commands.completion.put", texts.append)
        assert cli.main(["completion", "bash"]) == 0
    path.write_text("".join(texts))
    return path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("costmodel comp", {"compare", "completion"}),
        ("costmodel analyze --con", {"--continual", "--convention"}),
        ("costmodel analyze x3d_x", {"x3d_xl", "x3d_xs", "x3d_xxl"}),
        ("costmodel compare x3d_x", {"x3d_xl", "x3d_xs", "x3d_xxl"}),
        ("costmodel analyze x3d_m --state ''", {"partial", "window", "smallest"}),
        ("costmodel study sh", {"show"}),
        ("costmodel analyze x3d --variant XXL", {"XXL", "XXL-test"}),
        ("costmodel search digits --start X", set()),
    ],
)
def test_bash_offers_what_can_stand_there(words: str, offered: set[str], script: Path, tmp_path: Path):
    asked = ["bash", "-c", ASK.format(script=script, words=words)]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["completion", shell]) == 0
    told = capsys.readouterr().out
    assert "x3d_m" in told
    assert "XXL-test" in told
    assert "Let no layer look at frames to come" in told


@pytest.mark.skipif(which("fish") is None, reason="fish is not installed")
def test_fish_offers_specs_and_variants(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["completion", "fish"]) == 0
    (tmp_path / "costmodel.fish").write_text(capsys.readouterr().out)
    lines = ("analyze x3d_x", "analyze x3d --variant XXL")
    asked = "; ".join(("source costmodel.fish", *(f"complete -C 'costmodel {line}'" for line in lines)))
    done = subprocess.run(["fish", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = {line.partition("\t")[0] for line in done.stdout.split("\n") if line}
    assert found == {"x3d_xl", "x3d_xs", "x3d_xxl", "XXL", "XXL-test"}


def test_another_shell_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["completion", "ksh"]) == 2
    assert capsys.readouterr().err == "error: bash|zsh|fish: 'ksh', expected bash or zsh or fish\n"
