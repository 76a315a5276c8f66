"""The notebook as its readers see it: served by marimo, opened in Chromium that may talk to nobody else.

``python -m tests.docs.notebook_picture docs/pictures/notebook.png`` makes the picture of the gallery.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from PIL import Image

from netopt.cli.main import main
from tests.browser import chromium
from tests.docs.blocks import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

HOST: Final = "127.0.0.1"
STARTS_WITHIN_S: Final = 60.0
SOLVES_WITHIN_MS: Final = 90_000
LAST_STATEMENT: Final = "sites of type hub the plan costs"
_SHOWN_PX: Final = (60, 600, 1060, 2170)


@dataclass
class Shown:
    """A page of the notebook, what it asked of others, and what it complained of."""

    page: Page
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def shown(notebook: Path, *, width: int = 1100, height: int = 4100) -> Iterator[Shown]:
    """Serve a notebook on this machine and yield its page once its last statement is there."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    executable = chromium()
    with _served(notebook) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        try:
            result = Shown(browser.new_page(viewport={"width": width, "height": height}))
            result.page.route("**/*", lambda route: _keep_inside(route, result))
            result.page.on("pageerror", lambda error: result.complaints.append(str(error)))
            result.page.goto(address)
            result.page.get_by_text(LAST_STATEMENT).wait_for(timeout=SOLVES_WITHIN_MS)
            yield result
        finally:
            browser.close()


@contextmanager
def _served(notebook: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    words = [
        "-m",
        "marimo",
        "run",
        notebook.name,
        "--headless",
        "--no-token",
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MARIMO_SKIP_UPDATE_CHECK": "1"}
    server = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, *words, "--host", HOST, "--port", str(port)],
        cwd=notebook.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://{HOST}:{port}/")
        yield f"http://{HOST}:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        try:
            urlopen(address, timeout=5).close()  # noqa: S310 - our own server
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"nothing answers at {address}")


def _keep_inside(route: Route, result: Shown) -> None:
    if urlsplit(route.request.url).hostname == HOST:
        route.continue_()
    else:
        result.outside.append(route.request.url)
        route.abort()


def make_picture(picture: Path) -> None:
    """Write the picture of the gallery: one policy of toy-two-periods, from its cost to its map."""
    with TemporaryDirectory() as folder:
        mine = Path(folder) / "mine"
        main(["new", str(mine), "--from", "toy-two-periods", "--notebook"])
        with shown(mine / "notebook.py") as result:
            result.page.locator("img").nth(1).wait_for(timeout=SOLVES_WITHIN_MS)
            result.page.wait_for_timeout(1000)  # what slides in has come to rest
            page = Image.open(io.BytesIO(result.page.screenshot()))
    cut = page.convert("RGB").crop(_SHOWN_PX).quantize(128, dither=Image.Dither.NONE)
    cut.save(picture, optimize=True)


if __name__ == "__main__":
    make_picture(Path(sys.argv[1]))
