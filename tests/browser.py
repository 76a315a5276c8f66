"""Headless Chromium with the network off: what a test draws is opened in it and watched."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_FLAGS: Final = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Opened:
    """A page in the browser, and what happened while it was open."""

    page: Page
    seconds: float
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        """Fail where a request left the page, an error was logged or a dialog opened."""
        assert not self.requests, self.requests
        assert not self.complaints, self.complaints


def chromium() -> str:
    """Return the path of Chromium; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    return found


@contextmanager
def opened(path: Path, *, width: int = 1280, height: int = 900) -> Iterator[Opened]:
    """Open an HTML file with the network off and wait until it has been drawn.

    ``seconds`` runs from the call for the page until two frames after it was loaded.
    """
    context = _SHARED.enter().new_context(offline=True, viewport={"width": width, "height": height})
    try:
        page = context.new_page()
        result = Opened(page, 0.0)
        own = path.resolve().as_uri()
        page.on("request", lambda request: _note_request(result, request.url, own))
        page.on("console", lambda message: _note_console(result, message.type, message.text))
        page.on("pageerror", lambda error: result.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (result.complaints.append(dialog.message), dialog.dismiss()))
        start = time.monotonic()
        page.goto(own, wait_until="load")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        result.seconds = time.monotonic() - start
        yield result
    finally:
        context.close()
        _SHARED.leave()


class _SharedBrowser:
    """One browser while any page is open: the driver allows no second one in a thread."""

    def __init__(self) -> None:
        self._n_users = 0

    def enter(self) -> Browser:
        if self._n_users == 0:
            from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

            executable = chromium()
            self._driver = sync_playwright().start()
            self._browser = self._driver.chromium.launch(
                executable_path=executable, args=[*_FLAGS, "--no-sandbox"]
            )
        self._n_users += 1
        return self._browser

    def leave(self) -> None:
        self._n_users -= 1
        if self._n_users == 0:
            self._browser.close()
            self._driver.stop()


_SHARED: Final = _SharedBrowser()


def _note_request(result: Opened, url: str, own: str) -> None:
    if url.split("#", maxsplit=1)[0] != own and not url.startswith(("data:", "blob:")):
        result.requests.append(url)


def _note_console(result: Opened, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        result.complaints.append(text)
