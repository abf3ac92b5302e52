"""The gallery as a page: every network that comes with the tool, and what each costs on a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reports.gallery import COLUMNS, rows
from reports.html.parts import shown
from reports.html.scatter import Axis, Point, Scatter
from reports.html.sections import Drawing, Section, page, section_of
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup

LEAD = (
    "Every network that comes with the tool, as a clip network and frame by frame. What stands under network "
    "is what follows analyze on a command line."
)
ABOUT = (
    "Costs are multiply-accumulates: of one clip, and of one frame as a mean and in the most expensive step. "
    "State is in numbers kept between frames; delay and receptive field are in model frames / camera "
    "frames / seconds."
)


def gallery(command: str) -> bytes:
    """The page."""
    found, refused = rows()
    plain = [{**row, "network": str(row["network"]).strip("`")} for row in found]
    drawn = Drawing(_drawing(plain), about="Point at a mark to read which network it is.")
    table = section_of(Table(plain, COLUMNS), "Networks", ABOUT)
    about = "Work and memory on a stream, both axes logarithmic: less of both is better."
    chart = Section("Work and state", about, [drawn])
    notes = [each.removeprefix("- ").replace("`", "") for each in refused]
    return page(
        "Gallery", [chart, table], command, kicker="Video networks on a stream", lead=LEAD, notes=notes
    )


def _drawing(found: Sequence[Mapping[str, object]]) -> Markup:
    points = []
    for row in found:
        macs, state = row.get("MACs per frame"), row.get("state")
        if isinstance(macs, int) and isinstance(state, int) and macs and state:
            title = f"{row['network']}: {shown(macs)} MACs a frame, {shown(state)} numbers of state"
            points.append(Point(macs, state, title=title, label=str(row["network"]), is_faint=True))
    along, upwards = Axis("MACs per frame", is_log=None), Axis("state, numbers", is_log=None)
    return Scatter(points, along, upwards, "State against multiply-adds per frame").svg
