import re
from pathlib import Path

import pytest

from costmodel.errors import OptionError
from costmodel.files import OutputError
from reports.html import frame
from reports.html.frame import check_file, render, write_page

CONTENT = {"kicker": "", "lead": "", "sections": [], "command": ""}


def page(title: str, **options: int) -> str:
    return render("base.html", {**CONTENT, "title": title}, **options).decode()


def test_a_title_is_escaped_and_what_turns_the_text_is_written_out():
    text = page("<b>&\u202eabc")
    assert "<b>" not in text
    assert r"<h1>&lt;b&gt;&amp;\u202eabc</h1>" in text


def test_nothing_outside_the_file_is_named():
    text = page("plain")
    assert re.findall(r"https?://|url\(|@import|<link(?! rel=\"icon\" href=\"data:,\")", text) == []
    assert "default-src 'none'" in text


def test_only_the_script_of_the_frame_may_run():
    import base64
    import hashlib

    text = page("plain")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    assert len(scripts) == 2
    assert "script-src " + " ".join(f"'sha256-{each}'" for each in digests) + ";" in text


def test_a_page_that_renews_itself_says_so_and_no_other_does():
    assert '<meta http-equiv="refresh" content="5">' in page("plain", renews=5)
    assert "refresh" not in page("plain").partition("<style>")[0]


def test_a_missing_jinja2_is_one_line_that_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    frame.environment.cache_clear()
    with pytest.raises(OptionError, match=r"^HTML reports need Jinja2: pip install 'costmodel\[html\]'$"):
        frame.environment()
    frame.environment.cache_clear()


def test_only_html_files_are_written_and_whole():
    with pytest.raises(OptionError, match=r"^--out page.pdf: expected a file that ends in .html$"):
        check_file(Path("page.pdf"))


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OutputError):
        write_page(tmp_path / "page.html", b"page")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
