"""Explanations in a planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netopt.strategies.explaining.statements import SITE, TOUCH, Kind
from netopt.strategies.explaining.words import Words, listed, number, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from netopt.analysis.explain import Explanation
    from netopt.strategies.explaining.conflict import Conflict
    from netopt.strategies.explaining.infeasible import Infeasibility
    from netopt.strategies.explaining.margins import Margins
    from netopt.strategies.explaining.statements import StatedForm, Statement

ALIKE: Final = 3
"""More statements alike than this are told in one line."""

_BUILT: Final = (Kind.CAPACITY, Kind.MINIMUM)
"""Statements whose bound depends on what the plan has built."""

PRICES_NOTE: Final = (
    "All this is of the linear program of operations with the sites fixed. Savings are differences between "
    "its optima: what is lifted saves that much on the same design (as with --fix-sites); for one more t "
    "of room, and one more collected tonne, divisible plants that operate may run in greater or smaller "
    "part. Prices of a collected tonne are duals. Prices hold for small changes, and a large one may open "
    "or close plants. A ban on opening, or on a site that is closed, has no such price."
)

LISTED_PRICES: Final = 12
"""More prices than this are told by the dearest and the cheapest half of them."""


def infeasible_text(explanation: Explanation) -> str:
    """Return why no plan exists: what contradicts what, what to lift, what must give."""
    found = explanation.infeasibility
    if found is None:
        raise ValueError("a plan exists")
    name = f"{explanation.instance.name} under {explanation.policy.name}"
    caveat = "" if found.stated.scope is None else found.stated.scope.caveat
    parts = [f"{name}: no plan exists."]
    for position, conflict in enumerate(found.conflicts):
        parts.append(_conflict_text(found, position, conflict))
    parts += [_remedy_text(found), _gives_text(found, Words(explanation.instance))]
    if explanation.reason:
        _, _, further = explanation.reason.removesuffix(caveat).partition("\n")
        parts.append(f"How far the rules could be met:\n{_indented(further.splitlines())}")
    parts.append(
        f"Asked of {len(found.stated.statements)} statements by {found.n_solves} mixed-integer programs; "
        "mass balances and recipes cannot be lifted."
    )
    if caveat:
        parts.append(caveat)
    return "\n\n".join(parts)


def _conflict_text(found: Infeasibility, position: int, conflict: Conflict) -> str:
    many = f"Contradiction {position + 1} of {len(found.conflicts)}. " if len(found.conflicts) > 1 else ""
    if len(conflict.names) == 1:
        heading = f"{many}This alone cannot be kept, whatever else is lifted:"
    elif conflict.irreducible:
        heading = f"{many}These cannot all be kept, though all but any one of them can:"
    else:
        heading = f"{many}These cannot all be kept (time ran out before they were reduced):"
    lines = told(found.stated, conflict.names, found.enough_alone)
    if found.only_whole[position]:
        lines.append("  Parts of plants could keep them all; whole plants cannot.")
    return "\n".join([heading, *lines])


def _remedy_text(found: Infeasibility) -> str:
    remedy = found.remedy
    proof = "no lighter set would do" if remedy.smallest else "a smaller set was not ruled out"
    heading = f"Lift this, and a plan exists ({proof}; a plan was found without it):"
    return "\n".join([heading, *told(found.stated, remedy.names, {})])


def _gives_text(found: Infeasibility, words: Words) -> str:
    gives, relief = found.relief.gives, found.relief
    lines = []
    for statement, rows in gives.groupby("statement", sort=False):
        said = found.stated.statement(str(statement))
        for period, amounts in rows.groupby("period", sort=False):
            where = [words.site(place) for place in amounts["where"] if place]
            at = f" at {listed(where)}" if where else ""
            broken = _broken_words(said, float(amounts["amount"].sum()))
            lines.append(f"  {period}: {broken}{at}: {said.sentence}")
    proven = f"least weighted violation {number(relief.low)} to {number(relief.high)}"
    return "\n".join(
        [f"What must give at least, in a plan that breaks as little as it can ({proven}):", *lines]
    )


def _broken_words(said: Statement, amount: float) -> str:
    if said.unit == SITE:
        return f"{number(amount)} {'site' if amount == 1 else 'sites'} {_GIVES[said.kind]}"
    return f"{number(amount)} {said.unit} a year {_GIVES[said.kind]}"


_GIVES: Final = {
    Kind.RULE: "too little",
    Kind.BAN: "against the ban",
    Kind.OPEN: "without a whole module in operation",
    Kind.COUNT: "off the number",
    Kind.SINGLE: "of a source that serves one site more",
    Kind.BUILD: "of capacity opened",
    Kind.MARKET: "over the limit",
    Kind.EMISSION: "over the cap",
    Kind.MINIMUM: "below the minimum",
    Kind.STORAGE: "over the room",
    Kind.CAPACITY: "over capacity",
    Kind.FORMAL_SHARE: "more collected",
    Kind.SUPPLY: "left lying",
}


def told(stated: StatedForm, names: Iterable[str], enough: Mapping[str, bool | None]) -> list[str]:
    """Return statements as lines; many of one kind in many places are one line."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(stated.statement(name).group, []).append(name)
    lines = []
    for alike in groups.values():
        shown = alike if len(alike) <= ALIKE else alike[:1]
        lines += [f"  - {stated.statement(name).sentence}{_enough_words(name, enough)}" for name in shown]
        if len(alike) > ALIKE:
            places = listed([stated.statement(name).place for name in alike[1:]])
            lines.append(f"    and likewise in {places}")
    return lines


def _enough_words(name: str, enough: Mapping[str, bool | None]) -> str:
    verdict = enough.get(name)
    if verdict is None:
        return ""
    return " [lifted alone: a plan exists]" if verdict else " [lifted alone: still no plan]"


def margins_text(explanation: Explanation) -> str:
    """Return what binds a plan and what one more tonne costs where."""
    found, stated, outcome = explanation.margins, explanation.stated, explanation.outcome
    if found is None or stated is None:
        raise ValueError("no plan exists")
    words = Words(explanation.instance)
    kept = "" if explanation.design is None else f" {explanation.design}"
    opening = f"{explanation.instance.name} under {explanation.policy.name}{kept}: a plan exists."
    if outcome is not None:
        opening += (
            f" It costs {outcome.upper_bound_cny_per_year:,.0f} CNY a year in the "
            f"{explanation.policy.perspective} perspective; no plan{kept} costs less than "
            f"{outcome.lower_bound_cny_per_year:,.0f}."
        )
    binding = _binding_lines(stated, found, words) or ["  Nothing that a planner stated."]
    heading = "What binds with the sites fixed, and what lifting it, or one more unit of room, would save:"
    costs = "What one more collected tonne costs (CNY per tonne of the period; negative: it earns):"
    parts = [
        opening,
        "\n".join([heading, *binding]),
        "\n".join([costs, *_price_lines(found.next_tonne, words)]),
        PRICES_NOTE,
    ]
    return "\n\n".join(parts)


def _binding_lines(stated: StatedForm, found: Margins, words: Words) -> list[str]:
    lines = []
    for said in stated.statements:
        told = [
            *_limit_lines(said, found.binding[found.binding["statement"] == said.name], words),
            *_lifted_lines(found.lifted[found.lifted["statement"] == said.name]),
            *_haul_lines(found.hauls[found.hauls["statement"] == said.name], words),
        ]
        if said.name in found.unpriced:
            told.append("    not known: time ran out")
        if told:
            lines += [f"  - {said.sentence}", *told]
    return lines


def _limit_lines(said: Statement, limits: pd.DataFrame, words: Words) -> list[str]:
    lines = []
    for row in limits.sort_values("saves_cny_per_unit", ascending=False).head(ALIKE).to_dict("records"):
        at = f" at {words.site(row['where'])}" if row["where"] else ""
        room = f", {row['limit']:,.0f} t a year" if said.kind in _BUILT else ""
        saves = number(row["saves_cny_per_unit"])
        lines.append(f"    {row['period']}{at}{room}: one more {said.unit} would save {saves} CNY")
    if len(limits) > ALIKE:
        lines.append(f"    and {len(limits) - ALIKE} more")
    return lines


def _lifted_lines(lifted: pd.DataFrame) -> list[str]:
    lines = []
    for row in lifted.to_dict("records"):
        whole = f"    lifted, it would save {number(row['saves_cny_per_year'])} CNY a year"
        if row["tonnes_per_year"] > 0:
            price, tonnes = number(row["first_tonne_saves_cny"]), number(row["tonnes_per_year"])
            lines.append(f"{whole} by hauls of {tonnes} t a year; the first t would save {price} CNY:")
        else:
            lines.append(f"{whole}; one more t of room in a single place would save nothing")
    return lines


def _haul_lines(hauls: pd.DataFrame, words: Words) -> list[str]:
    lines = [
        f"      {row['period']}: {words.commodity(row['commodity'])} from {words.site(row['from_place'])} "
        f"to {words.site(row['to_place'])}{_by(row['mode'])}{_part(row['share'])}"
        for row in hauls.head(ALIKE).to_dict("records")
    ]
    if len(hauls) > ALIKE:
        lines.append(f"      and {len(hauls) - ALIKE} more")
    return lines


def _by(mode: str) -> str:
    return f" by {mode}" if mode else ""


def _part(share_of_tonne: float) -> str:
    return "" if share_of_tonne > 1.0 - TOUCH else f" ({share(share_of_tonne)} of it)"


def _price_lines(prices: pd.DataFrame, words: Words) -> list[str]:
    ordered = prices.sort_values("cny_per_tonne", ascending=False, kind="stable").to_dict("records")
    lines = [
        f"  {row['cny_per_tonne']:>10,.0f}  {words.name('sources', row['source'])}, "
        f"{words.commodity(row['commodity'])}, {row['period']}"
        for row in ordered
    ]
    if len(lines) <= LISTED_PRICES:
        return lines
    half = LISTED_PRICES // 2
    between = f"  ... {len(lines) - 2 * half} in between (--json has them all) ..."
    return [*lines[:half], between, *lines[-half:]]


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
