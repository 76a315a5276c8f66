"""The site: built strictly, complete, its links lead somewhere, nothing is fetched from elsewhere."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from PIL import Image

import netopt
import netopt.policy.levers
from docs import hooks
from netopt.cli.main import COMMANDS, make_app
from netopt.cli.schema import schema_of
from netopt.data.tables import TABLES
from netopt.formulation.build import EQUATIONS
from netopt.policy.base import LEVERS
from tests.browser import chromium, opened
from tests.docs.blocks import ROOT, missing_links

SLOW_S = 60.0
"""The build takes 6 s on a quiet machine; half a minute would be too long on any."""

OPENED = ("index.html", "reference/python.html", "instances/china-2024/index.html", "gallery.html")


class Linked(HTMLParser):
    """What a page of the site links to, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := about.get(name))}
        target = about.get("href") or about.get("src")
        if target is None:
            return
        is_link = tag == "a" or about.get("rel") in {"canonical", "next", "prev"}
        (self.links if is_link else self.loaded).add(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as the page says, any warning being an error."""
    folder = tmp_path_factory.mktemp("site")
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    assert time.monotonic() - start < SLOW_S
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Linked]:
    return {
        path.relative_to(site).as_posix(): Linked(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


def text_of(site: Path, page: str) -> str:
    """Return the text of a page's article, without tags."""
    article = (site / page).read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
    plain = re.sub(r"<[^>]+>", "", article)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def listed(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        for value in entry.values():
            yield from listed(value) if isinstance(value, list) else [value]


NAV = list(listed(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
REPOSITORY_PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in [*hooks._gathered(), *(ROOT / "docs").glob("*.md")]
)


def test_every_page_has_its_place_in_the_navigation() -> None:
    made = [uri for uri in hooks.generated() if uri.endswith(".md")]
    assert sorted(NAV) == sorted([*made, *map(hooks.uri_of, REPOSITORY_PAGES)])


@pytest.mark.parametrize("page", REPOSITORY_PAGES)
def test_links_lead_somewhere_on_the_code_host_too(page: str) -> None:
    path = ROOT / page
    assert missing_links(path.read_text(encoding="utf-8"), path.parent) == []
    assert hooks.repo_path_of(hooks.uri_of(page)) == page


def test_examples_of_the_hook() -> None:
    tried = doctest.testmod(hooks)
    assert (tried.failed, tried.attempted > 2) == (0, True)


def test_code_is_never_taken_for_a_link() -> None:
    page = "[a](x.md)\n```\n[b](x.md)\n```\n`[c](x.md)` [`d`](x.md#y)\n"
    changed = hooks.outside_code(page, lambda text: hooks._LINK.sub("](moved)", text))
    assert changed == "[a](moved)\n```\n[b](x.md)\n```\n`[c](x.md)` [`d`](moved)\n"


def test_links_of_the_site_lead_somewhere(site: Path, pages: dict[str, Linked]) -> None:
    lost = []
    for name, page in pages.items():
        for link in sorted(page.links | page.loaded):
            parts = urlsplit(link)
            if parts.scheme or link.startswith("/"):  # 404.html is served from anywhere
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            relative = os.path.relpath(target, site)
            anchors = pages[relative].anchors if relative in pages else {unquote(parts.fragment)}
            if not target.is_file() or unquote(parts.fragment) not in anchors:
                lost.append(f"{name}: {link}")
    assert lost == []


def test_links_of_the_repository_became_links_of_the_site(site: Path, pages: dict[str, Linked]) -> None:
    assert "instances/china-2024/index.html" in pages["overview.html"].links
    assert "instances/index.html#volumes" in pages["newcomer.html"].links
    assert "../../national.html" in pages["instances/china-2024/index.html"].links
    golden = "tests/formulation/golden/closing.lp"
    assert f"../../{golden}" in pages["netopt/formulation/index.html"].links
    assert (site / golden).read_bytes() == (ROOT / golden).read_bytes()
    assert (site / "results/reference/china-2024/unified.png").is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Linked]) -> None:
    assert {link for page in pages.values() for link in page.loaded if urlsplit(link).netloc} == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*", styles) == []
    assert "@import" not in styles


def test_what_markdown_does_not_understand_is_not_left_in_the_text(site: Path) -> None:
    """Lists, tables and headings that ran into a paragraph, and marks that were not closed."""
    left = []
    for path in sorted(site.rglob("*.html")):
        article = path.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
        article = re.sub(r"<(pre|code|script|button|h\d)\b.*?</\1>", "", article, flags=re.DOTALL)
        lines = re.sub(r"<[^>]+>", "", article).splitlines()
        starts = re.compile(r"\s*(\* |- |\| |#+ |\d+\. \w|```)")
        left += [f"{path.name}: {line}" for line in lines if starts.match(line) or "](" in line]
    assert left == []


def test_the_reference_of_tables_is_complete(site: Path, pages: dict[str, Linked]) -> None:
    text = text_of(site, "instances/index.html")
    assert set(TABLES) - pages["instances/index.html"].anchors == set()
    columns = {column.name for spec in TABLES.values() for column in spec.columns}
    assert {name for name in columns if name not in text} == set()


def test_the_reference_of_levers_is_complete(site: Path, pages: dict[str, Linked]) -> None:
    text = text_of(site, "reference/levers.html")
    assert set(LEVERS) - pages["reference/levers.html"].anchors == set()
    for lever in LEVERS.values():
        assert lever.title in text
        assert [name for name in lever.parameters() if name not in text] == []


def test_the_reference_of_commands_is_complete(site: Path, pages: dict[str, Linked]) -> None:
    text = text_of(site, "reference/commands.html")
    anchors = pages["reference/commands.html"].anchors
    for name in COMMANDS:
        assert f"netopt-{name}" in anchors
        command = make_app([name])[name]
        subcommands = [sub for sub in command if not sub.startswith("-")]
        assert [sub for sub in subcommands if f"netopt-{name}-{sub}" not in anchors] == []
        apps = [command[sub] for sub in subcommands] or [command]
        options = {
            option
            for app in apps
            for argument in app.assemble_argument_collection()
            if argument.parameter.show is not False
            for option in argument.names
            if option.startswith("-")
        }
        assert len(options) > 2
        assert [option for option in options if option not in text] == [], name
    assert "130/143 interrupted" in text


def test_the_reference_of_equations_is_complete(site: Path, pages: dict[str, Linked]) -> None:
    assert [tag for tag in EQUATIONS if tag not in text_of(site, "netopt/formulation/index.html")] == []
    assert (
        set(EQUATIONS)
        - {
            anchor.removesuffix("-strengthening")
            for anchor in pages["netopt/formulation/index.html"].anchors
        }
        == set()
    )


def test_the_reference_of_python_is_complete(site: Path) -> None:
    text = text_of(site, "reference/python.html")
    names = set(netopt.__all__) - {"__version__"}
    assert {name for name in names if f"netopt.{name}" not in text} == set()
    assert text.count("Examples:") >= sum(name.islower() for name in names)


@pytest.mark.parametrize("subject", hooks.SCHEMAS)
def test_schemas_are_there(site: Path, subject: str) -> None:
    text = (site / "reference" / f"{subject}-schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == schema_of(subject)


@pytest.mark.parametrize("width", [1400, 420])
@pytest.mark.parametrize("name", OPENED)
def test_a_page_opens_without_a_server_or_a_network(site: Path, name: str, width: int) -> None:
    with opened(site / name, width=width) as page:
        outside = [url for url in page.requests if not url.startswith(site.as_uri())]
        assert outside == []
        assert page.complaints == []
        assert page.page.locator("article h1").first.is_visible()
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width
        picture = Image.open(BytesIO(page.page.screenshot()))
        colours = picture.convert("RGB").getcolors(maxcolors=2**24)
        assert colours is not None
        assert len(colours) > 100
        for image in page.page.locator("article img").all():
            image.scroll_into_view_if_needed()
            assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the site on this machine and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def found_by_search(address: str, words: str) -> list[str]:
    """Return where search leads from a page in a folder of the site; fail where anybody else is asked."""
    from playwright.sync_api import Route, sync_playwright  # noqa: PLC0415 - only where a browser is

    left: list[str] = []

    def keep_inside(route: Route) -> None:
        if route.request.url.startswith((address, "data:", "about:")):
            route.continue_()
        else:
            left.append(route.request.url)
            route.abort()

    executable = chromium()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("**/*", keep_inside)
        page.on("pageerror", lambda error: left.append(str(error)))
        page.goto(f"{address}/reference/levers.html")
        page.locator("input.md-search__input").fill(words)
        page.locator(".md-search-result__link").first.wait_for(timeout=90_000)
        results = page.locator(".md-search-result__link").all()
        found = [link.get_attribute("href") or "" for link in results]
        browser.close()
    assert left == []
    return [link.removeprefix(f"{address}/").partition("#")[0].partition("?")[0] for link in found]


def test_search_finds_what_is_looked_for(site: Path) -> None:
    """Served, by the browser's worker; from the disk, by a frame in its place."""
    with served(site) as address:
        assert "reference/python.html" in found_by_search(address, "to_geopandas")
        assert "newcomer.html" in found_by_search(address, "Northtown")
    assert "reference/python.html" in found_by_search(site.as_uri(), "to_geopandas")
    assert "newcomer.html" in found_by_search(site.as_uri(), "Northtown")


def test_the_gallery_shows_every_picture_with_what_made_it() -> None:
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    pictures = [f"pictures/{path.name}" for path in (ROOT / "docs" / "pictures").iterdir()]
    pictures += [
        f"../{path.relative_to(ROOT)}" for path in (ROOT / "results" / "reference").glob("*/*.png")
    ]
    assert [picture for picture in pictures if f"]({picture})" not in gallery] == []
    sections = [section for section in gallery.split("\n## ")[1:] if "![" in section]
    assert len(sections) >= 4
    assert [section.splitlines()[0] for section in sections if "```" not in section] == []
