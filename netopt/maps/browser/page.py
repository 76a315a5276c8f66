"""The browser map as one HTML file that works with the network unplugged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bokeh.embed import components
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined

from netopt.errors import UsageError
from netopt.maps import caption, ground, layers, style
from netopt.maps.aside import written_aside
from netopt.maps.basemap import BaseMap, base_map_of
from netopt.maps.browser.content import content_of, moments
from netopt.maps.browser.figures import SIDES, Panel, panels
from netopt.maps.browser.words import LANGUAGES, in_all_languages, said
from netopt.maps.text import plain
from netopt.maps.ways import follows_roads
from netopt.solution.outcome import Status

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.maps.shipments import MapInput
    from netopt.solution.outcome import Outcome

_RATIO_WITHOUT_BOUNDARIES: Final = 1.25
_MANY_DIGITS_BELOW_CNY: Final = 1e8
_LOOKS: Final = {
    "fills": style.FILL_COLOURS,
    "no_figure": style.NO_FIGURE_COLOUR,
    "ink": style.INK,
    "quiet": style.QUIET_INK,
    "pale_edge": style.PALE_EDGE,
    "pale_fill": style.PALE_FILL,
    "more": style.STAGE_COLOURS["product"],
    "less": style.STAGE_COLOURS["first_leg"],
    "more_fills": ("#dbe6f7", "#a9c4ee", "#6e9be0"),
    "less_fills": ("#fbecd0", "#f6d79b", "#eebd5f"),
}


def write_browser_map(
    runs: Mapping[str, MapInput],
    path: Path,
    *,
    language: str = "en",
    base_map: BaseMap | None = None,
) -> Path:
    """Write one HTML file that shows runs side by side and as difference, and return its path.

    Everything is in the file: the page asks for nothing, whatever stands in a name is shown as text.

    Parameters
    ----------
    runs
        Name -> solution or run; the first two are what the page opens with. All share places and roads.
    path
        An older file is replaced.
    language
        ``en`` or ``zh``: what the page opens in; it can be switched in the page.
    base_map
        Boundaries instead of the shipped ones (see ``netopt.maps.basemap``).

    Raises
    ------
    UsageError
        For an unknown language, or runs of different places, roads or periods.
    """
    if language not in LANGUAGES:
        raise UsageError(f"the map speaks {', '.join(LANGUAGES)}; not {language}")
    first = next(iter(runs.values()))
    base_map = base_map or base_map_of(first.instance)
    frame = (
        ground.frame_of_places(first.instance, _RATIO_WITHOUT_BOUNDARIES)
        if base_map is None
        else ground.frame_of(base_map)
    )
    content = content_of(runs, base_map, frame.crs) | _words(runs, base_map, language)
    drawn = panels(min(len(runs), len(SIDES)), frame, base_map)
    text = _page(first.instance, content, drawn)
    with written_aside(Path(path)) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def _page(instance: Instance, content: Mapping[str, Any], drawn: list[Panel]) -> str:
    models = {str(model.name): model for panel in drawn for model in panel.models()}
    script, divs = components(models, wrap_script=False)
    environment = Environment(
        loader=PackageLoader("netopt.maps.browser", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        language=content["language"],
        title=plain(instance.settings.instance.title),
        sides=[
            {"name": side, "map": divs[f"{side}_map"], "inset": divs.get(f"{side}_inset", "")}
            for side in SIDES[: len(drawn)]
        ],
        bokeh=Resources(mode="inline", components=["bokeh"], log_level="error").render_js(),
        drawing=script,
        content=_json(content),
        words={key: texts[content["language"]] for key, texts in in_all_languages().items()},
    )


def _json(content: Mapping[str, Any]) -> str:
    """Return JSON in which nothing can end the element that it stands in."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _words(runs: Mapping[str, MapInput], base_map: BaseMap | None, language: str) -> dict[str, Any]:
    first = next(iter(runs.values()))
    return {
        "language": language,
        "words": in_all_languages(),
        "looks": _LOOKS,
        "moment_names": _moment_names(first.instance),
        "heads": [_head(run) for run in runs.values()],
        "notes": _notes(runs, base_map),
        "credits": _credits(first.instance, base_map),
    }


def _moment_names(instance: Instance) -> list[dict[str, str]]:
    mean = in_all_languages()["mean_year"]
    return [dict.fromkeys(LANGUAGES, plain(moment)) if moment else mean for moment in moments(instance)]


def _head(run: MapInput) -> dict[str, Any]:
    """Return what stands over a run's map: what is collected, what it costs, how proven."""
    figures = layers.jurisdiction_figures(run).sum()
    collected, retired = figures["collected_tonnes_per_year"], figures["retired_tonnes_per_year"]
    share = f"{collected / retired:.0%}" if retired > 0 else "0%"
    volume = said(
        "collected_of", collected=style.amount(collected), retired=style.amount(retired), share=share
    )
    if run.outcome is None:
        return {"volume": volume, "cost": None, "proof": None, "is_proven": False}
    return {
        "volume": volume,
        "cost": _cost(run.policy.perspective, run.outcome),
        "proof": _proof(run.outcome),
        "is_proven": run.outcome.status == Status.OPTIMAL,
    }


def _cost(perspective: str, outcome: Outcome) -> dict[str, str]:
    words = in_all_languages()[perspective]
    lower, upper = outcome.lower_bound_cny_per_year, outcome.upper_bound_cny_per_year
    high = _million(upper, math.ceil)
    if not math.isfinite(lower):
        return said("cost_at_most", perspective=words, high=high)
    return said("cost_between", perspective=words, low=_million(lower, math.floor), high=high)


def _million(cny: float, outward: Callable[[float], int]) -> str:
    """Return million CNY, rounded away from what the interval holds; small amounts have more digits."""
    digits = 1 if abs(cny) >= _MANY_DIGITS_BELOW_CNY else 3
    rounded = outward(round(cny / 10 ** (6 - digits), 6)) / 10**digits
    return f"{rounded:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _proof(outcome: Outcome) -> dict[str, str]:
    verdict = in_all_languages()["proven" if outcome.status == Status.OPTIMAL else "not_proven"]
    if not math.isfinite(outcome.gap):
        return verdict
    gap = said("gap", gap=f"{math.ceil(round(outcome.gap * 1e4, 6)) / 1e4:.2%}")
    return {language: f"{verdict[language]} · {gap[language]}" for language in LANGUAGES}


def _assumed(runs: Mapping[str, MapInput]) -> list[dict[str, str]]:
    """Return formal share and money, once where all runs have the same, else run by run."""
    found = {name: _assumed_by(run) for name, run in runs.items()}
    first = next(iter(found.values()))
    if all(notes == first for notes in found.values()):
        return first
    return [
        {language: f"{plain(name)}: {note[language]}" for language in LANGUAGES}
        for name, notes in found.items()
        for note in notes
    ]


def _assumed_by(run: MapInput) -> list[dict[str, str]]:
    settings = run.instance.settings
    basis = plain(settings.instance.price_basis).rstrip(".")
    rate = f"{settings.horizon.discount_rate:.1%}"
    return [said("note_share", share=f"{run.formal_share:.0%}"), said("note_money", basis=basis, rate=rate)]


def _notes(runs: Mapping[str, MapInput], base_map: BaseMap | None) -> list[dict[str, str]]:
    """Return what a reader must know of the map, and what was assumed, a sentence or two each."""
    instance, words = next(iter(runs.values())).instance, in_all_languages()
    periods = instance.settings.horizon.periods
    last = periods[-1].start_year + periods[-1].length_years - 1
    notes = [
        said("note_computed", instance=plain(instance.name)),
        words["note_roads" if follows_roads(instance) else "note_curves"],
        words["note_widths"],
        words["note_bounds"],
        *_assumed(runs),
    ]
    if len(periods) > 1:
        notes.append(said("note_horizon", years=f"{periods[0].start_year}-{last}"))
    if base_map is None:
        notes.append(words["note_no_boundaries"])
    elif base_map.approval_number:
        notes.append(said("approval_number", number=plain(base_map.approval_number)))
    return notes


def _credits(instance: Instance, base_map: BaseMap | None) -> list[str]:
    own = [] if base_map is None else [plain(base_map.credit)]
    return [*own, *caption.credits_of(instance)]
