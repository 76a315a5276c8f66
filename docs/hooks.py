"""What mkdocs adds to ``docs/``: the READMEs of the folders, and reference pages made from the code.

Every page keeps the links that it has in the repository. A link to another page becomes a link to that
page of the site; any other file that is linked travels with the site.
"""

from __future__ import annotations

import inspect
import json
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import netopt
from netopt.cli.main import COMMANDS, make_app
from netopt.policy.catalogue import levers_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
GATHERED: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "instances/**/*.md",
    "netopt/**/*.md",
    "results/README.md",
    "solvers/README.md",
)
"""Pages outside ``docs/``, from the root of the repository."""

SCHEMAS: Final = {
    "instance": "settings, and the rows of every table",
    "policy": "a policy file",
    "lever": "one entry of a policy's levers",
    "outcome": "`outcome.json` of a run",
}
_CODE: Final = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the gathered and generated pages, and the files that pages link to."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - mkdocs is there when this is called

    pages = {path.relative_to(ROOT).as_posix(): path for path in _gathered()}
    for repo_path, path in pages.items():
        files.append(File.generated(config, uri_of(repo_path), abs_src_path=str(path)))
    for uri, content in generated().items():
        files.append(File.generated(config, uri, content=content))
    pages |= {f"docs/{path.name}": path for path in (ROOT / "docs").glob("*.md")}
    for repo_path in sorted({link for name, path in pages.items() for link in _links(name, path)}):
        if not repo_path.endswith(".md") and (ROOT / repo_path).is_file():
            files.append(File.generated(config, uri_of(repo_path), abs_src_path=str(ROOT / repo_path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn the links that a page has in the repository into links of the site."""
    if page.file.src_uri in generated():
        return markdown
    own = repo_path_of(page.file.src_uri)

    def moved(found: re.Match[str]) -> str:
        target = uri_of(_resolved(own, found[1]))
        relative = posixpath.relpath(target, posixpath.dirname(page.file.src_uri) or ".")
        return f"]({relative}{found[2] or ''})"

    return outside_code(markdown, lambda text: _LINK.sub(moved, text))


def uri_of(repo_path: str) -> str:
    """Return where a file of the repository lies on the site.

    Examples
    --------
    >>> uri_of("docs/maps.md"), uri_of("README.md"), uri_of("solvers/README.md")
    ('maps.md', 'overview.md', 'solvers/README.md')
    """
    if repo_path == "README.md":
        return "overview.md"
    return repo_path.removeprefix("docs/")


def repo_path_of(uri: str) -> str:
    """Return where a page of the site lies in the repository: the way back of ``uri_of``.

    Examples
    --------
    >>> repo_path_of("maps.md"), repo_path_of("overview.md"), repo_path_of("solvers/README.md")
    ('docs/maps.md', 'README.md', 'solvers/README.md')
    """
    if uri == "overview.md":
        return "README.md"
    return f"docs/{uri}" if (ROOT / "docs" / uri).is_file() else uri


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Return Markdown with everything but fences and code spans changed.

    Examples
    --------
    >>> outside_code("a `a` a", str.upper)
    'A `a` A'
    """
    parts = _CODE.split(markdown)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))


def generated() -> dict[str, str]:
    """Return the content of every page and file made from the code, by its place on the site."""
    if not _GENERATED:
        _GENERATED["reference/commands.md"] = commands_page()
        _GENERATED["reference/levers.md"] = levers_page()
        _GENERATED["reference/python.md"] = python_page()
        _GENERATED["reference/schemas.md"] = schemas_page()
        for subject in SCHEMAS:
            _GENERATED[f"reference/{subject}-schema.json"] = _schema(subject)
    return _GENERATED


_GENERATED: Final[dict[str, str]] = {}


def commands_page() -> str:
    """Return every command with its options, as ``--help`` shows them."""
    app = make_app(list(COMMANDS))
    listed = app.generate_docs(output_format="markdown", heading_level=1)
    head, _, commands = listed.partition("**Commands**:")
    title = head.partition("## Table of Contents")[0].replace("# netopt\n", "# Commands\n")
    return f"{title}{commands}\n## Exit codes\n\n{app.help_epilogue}\n"


def python_page() -> str:
    """Return the public names with their docstrings: functions first, then classes, then errors."""
    public = {name: getattr(netopt, name) for name in sorted(netopt.__all__) if name != "__version__"}
    parts = [
        "# Python\n\nThe public names of `import netopt`; every example is a test. How they go together "
        "is shown in [Use it from Python](../python.md).\n"
    ]
    parts += [_entry(name, value) for name, value in sorted(public.items(), key=_by_kind)]
    return "\n".join(parts)


def _by_kind(item: tuple[str, object]) -> tuple[int, str]:
    name, value = item
    if inspect.isclass(value):
        return (2 if issubclass(value, Exception) else 1), name
    return 0, name


def _entry(name: str, value: object) -> str:
    """Return a directive of mkdocstrings: a public name under the place where it is defined."""
    module = inspect.getmodule(value)
    where = module.__name__ if module else "netopt"
    return f"::: {where}.{name}\n    options:\n      heading: netopt.{name}\n      toc_label: {name}\n"


def schemas_page() -> str:
    """Return the list of the JSON Schemas."""
    rows = [f"* [{subject}]({subject}-schema.json): {what}" for subject, what in SCHEMAS.items()]
    head = "# JSON Schemas\n\nDraft 2020-12, as `netopt schema SUBJECT` prints them:\n"
    return "\n".join([head, *rows, ""])


def _schema(subject: str) -> str:
    from netopt.cli.schema import schema_of  # noqa: PLC0415 - heavy

    return json.dumps(schema_of(subject), indent=2, ensure_ascii=False) + "\n"


def _gathered() -> list[Path]:
    found = {path for pattern in GATHERED for path in ROOT.glob(pattern)}
    return sorted(path for path in found if not path.is_relative_to(ROOT / "docs"))


def _links(repo_path: str, path: Path) -> Iterator[str]:
    """Yield what a page links to, as paths from the root of the repository."""
    found: list[str] = []

    def note(text: str) -> str:
        found.extend(match[1] for match in _LINK.finditer(text))
        return text

    outside_code(path.read_text(encoding="utf-8"), note)
    return (_resolved(repo_path, link) for link in found)


def _resolved(repo_path: str, link: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(repo_path), link))
