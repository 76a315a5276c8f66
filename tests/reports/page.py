"""A report's page as a reader sees it: texts with their place, read by the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_VOID: Final = {"meta", "link", "br", "img", "hr", "input"}
_UNSEEN: Final = {"script", "style", "title"}


@dataclass
class Text:
    """A piece of text, the elements around it, and whether it is marked as in its own language."""

    words: str
    around: tuple[str, ...]
    table: str
    is_own: bool


@dataclass
class Page(HTMLParser):
    """Texts, cells by table, and the elements of a page."""

    texts: list[Text] = field(default_factory=list)
    cells: dict[str, list[list[str]]] = field(default_factory=dict)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self.elements.append((tag, about))
        if tag in _VOID:
            return
        self._open.append((tag, about))
        if tag == "table":
            self.cells[self._table] = []
        elif tag == "tr":
            self.cells[self._table].append([])
        elif tag in ("td", "th"):
            self.cells[self._table][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        opened, _ = self._open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        around = tuple(tag for tag, _ in self._open)
        if not data.strip() or set(around) & _UNSEEN:
            return
        is_own = any(about.get("translate") == "no" for _, about in self._open)
        self.texts.append(Text(data.strip(), around, self._table, is_own))
        if around[-1] in ("td", "th"):
            self.cells[self._table][-1][-1] += data

    @property
    def _table(self) -> str:
        tables = [
            str(about.get("id", "")).removeprefix("table-") for tag, about in self._open if tag == "table"
        ]
        return tables[-1] if tables else ""


def read_page(html: str) -> Page:
    """Return a page, parsed; every element must be closed by its own end."""
    page = Page()
    page.feed(html)
    page.close()
    assert not page._open
    return page
