"""The page of a network as a person uses it, in a headless Chromium."""

import json
from pathlib import Path

import pytest
from in_browser import browser

import cli
from reports.html.parts import Cell, Column, Grid, Group
from reports.html.sections import Section
from reports.html.sections import page as sections_page

pytestmark = pytest.mark.browser
SPEC = """
name: {name}
input: {{channels: 3, time: frames, height: 16, width: 16, every: 5}}
sizes: {{frames: 4, width: 8}}
network:
  - conv: {{name: early.a, channels: width, kernel: [3, 3, 3]}}
  - bn: {{name: early.b}}
  - add:
      main:
        - conv: {{name: a, channels: width, kernel: [3, 1, 1]}}
        - conv: {{name: b, channels: width, kernel: [1, 3, 3]}}
      shortcut:
        - conv: {{name: c, channels: width}}
  - global_pool
  - linear: {{channels: 10}}
"""
HOSTILE = "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "net.yaml").write_text(SPEC.format(name=json.dumps(HOSTILE)))
    out = folder / "report.html"
    line = ["report", "html", str(folder / "net.yaml"), "--continual", "--sram", "64KiB", "--out", str(out)]
    assert cli.main(line) == 0
    return out


@pytest.fixture
def page(chromium, file: Path):
    chromium.errors.clear()
    chromium.asked.clear()
    opened = chromium.open(file)
    yield opened
    assert chromium.errors == []
    assert chromium.asked == []
    opened.close()


def names(page) -> list[str]:
    """The layers and stages that the table shows, in order."""
    return page.locator(".grid tbody tr:not(.spacer) th").all_inner_texts()


def column(page, number: int) -> list[int]:
    cells = page.locator(f".grid tbody tr:not(.spacer) td:nth-child({number})").all_inner_texts()
    return [int(each.replace(",", "")) for each in cells]


def test_a_hostile_name_is_shown_and_never_run(page):
    assert HOSTILE in page.locator("h1").inner_text()
    assert HOSTILE in page.title()
    assert page.locator("main img").count() == 0


def test_stages_are_folded_until_they_are_opened(page):
    assert [each.split()[0] for each in names(page)] == [
        "early",
        "main",
        "add",
        "shortcut",
        "global_pool",
        "linear",
    ]
    page.get_by_role("button", name="early").press("Enter")
    assert "early.b" in names(page)
    page.get_by_role("button", name="early").press("Enter")
    assert "early.b" not in names(page)


def test_a_heading_sorts_down_then_up_then_not_at_all(page):
    page.get_by_role("button", name="By stage").click()
    order = names(page)
    heading = page.locator(".grid thead").get_by_role("button", name="params")
    heading.click()
    assert column(page, 4) == sorted(column(page, 4), reverse=True)
    assert page.locator(".grid th[aria-sort=descending]").count() == 1
    heading.click()
    assert column(page, 4) == sorted(column(page, 4))
    heading.click()
    assert names(page) == order


def test_words_filter_layers(page):
    page.locator(".grid input").fill("main conv")
    shown = names(page)[1:]
    assert shown == ["main.a", "main.b"]
    assert "2 of" in page.locator(".grid output").inner_text()


def test_what_is_shown_is_copied_as_a_table(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".grid").get_by_role("button", name="Copy").click()
    page.get_by_text("copied 6 rows").wait_for()
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert lines[0].startswith("layer\top\toutput\tparams")
    assert "," not in lines[1].partition("\t")[2]


def test_a_definition_is_told_by_keyboard_and_put_away_by_escape(page):
    page.locator(".plain .term").first.focus()
    tip = page.get_by_role("tooltip")
    assert "Hedegaard 2022, eq. 1" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_the_graph_is_coloured_by_another_figure_walked_and_magnified(page):
    box = page.locator(".graph .b").last
    before = box.get_attribute("style")
    page.locator(".graph select").select_option("state_floats")
    assert box.get_attribute("style") != before
    svg = page.locator(".graph svg")
    svg.focus()
    page.keyboard.press("ArrowRight")
    assert "early.a" in page.locator(".told").inner_text()
    whole = svg.get_attribute("viewBox")
    page.keyboard.press("+")
    assert svg.get_attribute("viewBox") != whole
    page.keyboard.press("0")
    assert float(svg.get_attribute("viewBox").split()[2]) >= float(whole.split()[2])


def test_the_chart_of_memory_tells_each_layer(page):
    page.locator("figure[data-series] svg").focus()
    page.keyboard.press("PageUp")
    assert "1 of" in page.locator("figure .at").inner_text()


def test_of_many_rows_those_in_sight_alone_are_laid_out(chromium, tmp_path: Path):
    columns = (Column("layer", is_number=False), Column("macs"))
    rows = [[Cell(f"layer{place}"), Cell(f"{place * 7919 % 2003:,}")] for place in range(2000)]
    section = Section("Layers", grid=Grid(columns, [Group(rows)], "layers"))
    path = tmp_path / "many.html"
    path.write_bytes(sections_page("many", [section], ""))
    opened = chromium.open(path)
    opened.locator(".grid thead").get_by_role("button", name="macs").click()
    assert opened.locator(".grid tbody tr:not(.spacer)").count() < 150
    assert column(opened, 2)[:3] == [2002, 2001, 2000]
    opened.locator(".grid .scroll").evaluate("frame => { frame.scrollTop = frame.scrollHeight; }")
    opened.locator(".grid tbody").get_by_text("layer0", exact=True).wait_for()
    assert column(opened, 2)[-1] == 0
    opened.close()


@pytest.mark.parametrize("width", [400, 900, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_makes_the_page_scroll_sideways(chromium, file: Path, width: int, scheme: str):
    opened = chromium.open(file, width, color_scheme=scheme)
    root = "document.documentElement"
    assert opened.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    brightness = opened.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(brightness) > 128) == (scheme == "light")
    opened.close()


def test_every_table_fits_a_sheet_of_paper(chromium, tmp_path: Path):
    slowfast = tmp_path / "slowfast.html"
    assert cli.main(["report", "html", "slowfast", "--continual", "--out", str(slowfast)]) == 0
    page = chromium.open(slowfast, width=703)  # A4 without its margins
    page.locator(".grid tr.group button").first.click()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    wide = page.evaluate("[...document.querySelectorAll('table')].map(each => each.scrollWidth)")
    assert len(wide) == 4
    assert max(wide) <= 703
    page.close()
