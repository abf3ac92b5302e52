"""Opens a page from disk in a headless Chromium, and holds what it said and asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@dataclass
class Browser:
    """A running browser, with the errors of its pages and what they wanted to load."""

    chromium: Any
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path, width: int = 1200, **options: Any) -> Any:
        """A page, opened anew."""
        page = self.chromium.new_page(viewport={"width": width, "height": 900}, **options)
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        self.asked = [each for each in self.asked if each not in (path.as_uri(), "data:,")]
        return page


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        yield Browser(chromium)
        chromium.close()
