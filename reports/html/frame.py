"""The frame of every HTML report: one file that needs no network and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import costmodel
from costmodel.errors import OptionError, one_line
from costmodel.files import write_whole
from costmodel.readable import figure

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).resolve().parent / "templates"
ENDINGS = (".html", ".htm")
# Ahead of the body: long tables are not laid out before the script has chosen which rows to show.
FIRST = 'document.documentElement.className = "scripted";'


def render(template: str, content: Mapping[str, object], *, renews: int | None = None) -> bytes:
    """A page of a template, with styles and script inside.

    Args:
        template: the file in `templates/`, which extends `base.html`.
        content: what its names stand for.
        renews: seconds after which a browser reads the page again; never where it is None.

    Raises:
        OptionError: Jinja2 is not installed.
    """
    script = _asset("frame.js")
    shell = {
        "styles": _asset("frame.css"),
        "script": script,
        "first_script": FIRST,
        # only these very scripts run: whatever a name manages to put into the page does not
        "script_hashes": " ".join(f"'sha256-{_digest(each)}'" for each in (FIRST, script)),
        "version": costmodel.__version__,
        "renews": renews,
    }
    return environment().get_template(template).render(**shell, **content).encode()


@cache
def environment() -> Environment:
    """The templates, each value escaped where it is put in.

    Raises:
        OptionError: Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise OptionError("HTML reports need Jinja2: pip install 'costmodel[html]'") from None
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["figure"] = figure
    made.filters["safe_json"] = safe_json
    return made


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def safe_json(text: str) -> Markup:
    """JSON as it may stand inside a script's element: nothing in it ends that."""
    from markupsafe import Markup

    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def check_file(out: Path) -> None:
    """Refuses a file that no browser would read as a page, before work is done for it.

    Raises:
        OptionError: its name ends in something else.
    """
    if out.suffix.lower() not in ENDINGS:
        raise OptionError(f"--out {out}: expected a file that ends in .html")


def write_page(out: Path, page: bytes) -> None:
    """Writes a page, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    write_whole(out, page)


def _shown(value: object) -> object:
    """What is put into a page: names without characters that would turn or hide what stands beside them."""
    return one_line(value) if type(value) is str else value


@cache
def _asset(name: str) -> str:
    from markupsafe import Markup

    return Markup((FOLDER / name).read_text(encoding="utf-8"))
