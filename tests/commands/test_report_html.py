import html
import shlex
from pathlib import Path

import pytest

import cli


def test_a_page_is_written_and_its_path_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "deep" / "report.html"
    assert cli.main(["report", "html", "x3d_xs", "--continual", "--sram", "16MiB", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert f"costmodel report html x3d_xs --continual --sram 16MiB --out {out}</code>" in out.read_text()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--out", "page.txt"), "--out page.txt: expected a file that ends in .html"),
        (("--sram", "16apples"), "--sram 16apples: "),
        (("--sram", "-1MiB"), "--sram -1MiB: "),
        (("--fps", "0"), "--fps: 0.0, expected frames a second, above zero"),
        (("--dtype", "fp12"), "--dtype: unknown 'fp12'"),
    ],
)
def test_wrong_options_are_one_line_and_nothing_is_written(
    options: tuple[str, ...], expected: str, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "html", "digits", *options]) == 2
    told = capsys.readouterr()
    assert expected in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_command_on_the_page_makes_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    spec = "input: {channels: 3, time: 4, height: 8, width: 8}\nsizes: {}\nnetwork:\n  - global_pool\n"
    Path("my net.yaml").write_text(spec)
    line = ["report", "html", "my net.yaml", "digits", "--fps", "25", "--out", "my page.html"]
    assert cli.main(line) == 0
    first = Path("my page.html").read_bytes()
    command = first.decode().partition('id="command">')[2].partition("</code>")[0]
    assert cli.main(shlex.split(html.unescape(command))[1:]) == 0
    assert Path("my page.html").read_bytes() == first


def test_a_file_that_is_there_stays_whole_where_the_page_fails(tmp_path: Path, capsys):
    out = tmp_path / "report.html"
    out.write_text("mine")
    assert (
        cli.main(["report", "html", "resnet_2d", "--continual", "--set", "frames=0", "--out", str(out)]) == 2
    )
    assert out.read_text() == "mine"
