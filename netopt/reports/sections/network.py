"""What stands and what moves: facilities opened and closed, their use, hauls, and the province matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.reports.content import (
    Chart,
    ChartKind,
    Section,
    Sentence,
    Table,
    Tone,
    number,
    shown_number,
    text,
)
from netopt.reports.sections.money import province_names
from netopt.reports.words import STATES

if TYPE_CHECKING:
    from netopt.reports.language import Language
    from netopt.reports.subject import Plan, Subject

PERCENT: Final = 100.0
N_SITES_SHOWN: Final = 30
N_LANES_SHOWN: Final = 20
CAPACITY_TOLERANCE_TONNES: Final = 0.5


def facilities_section(subject: Subject, say: Language) -> Section:
    """Return what each plan builds, keeps and closes, how far it is used, and where plans differ."""
    tables = [_types_table(subject, say)]
    sentences = []
    for rank, plan in enumerate(subject.others, start=1):
        changed = _changes_table(subject, plan, rank, say)
        n_sites = shown_number(len(changed.frame), 0)
        sentences.append(
            Sentence(
                say(
                    "{policy} and {base} differ in {n_sites} sites, of the plans found.",
                    policy=plan.label,
                    base=subject.base.label,
                    n_sites=n_sites,
                )
            )
        )
        tables += [changed] if len(changed.frame) else []
    sentences.append(
        Sentence(
            say(
                "A site counts as new where the plan builds on it, as closed where it stands today and "
                "no longer operates at the end. Other plans as cheap may choose other sites."
            )
        )
    )
    return Section("facilities", say("Facilities opened, closed and used"), tuple(sentences), tuple(tables))


def sites_of(plan: Plan) -> pd.DataFrame:
    """Return every site with its state at the end of the horizon and its capacity then, t/yr."""
    instance, facilities = plan.run.instance, plan.run.answer.facilities
    sites = instance["sites"].set_index("site")
    homes = instance["locations"].set_index("location")["jurisdiction"]
    last = facilities[facilities["period"] == instance.periods[-1]]
    running = last[last["operating"]]
    by_site = facilities.groupby("site")
    found = pd.DataFrame(
        {
            "name": sites["name"],
            "facility_type": sites["facility_type"],
            "jurisdiction": sites["location"].map(homes),
            "stands": sites["existing_capacity_tonnes_per_year"] > 0,
            "operates": sites.index.isin(running["site"]),
            "built": by_site["opened"].any().reindex(sites.index, fill_value=False),
            "expanded": by_site["expanded"].any().reindex(sites.index, fill_value=False),
            "capacity": running.groupby("site")["capacity_tonnes_per_year"]
            .sum()
            .reindex(sites.index, fill_value=0.0),
        }
    )
    found["state"] = [
        _state(*row) for row in zip(found["stands"], found["operates"], found["expanded"], strict=True)
    ]
    return found


def _state(stands: bool, operates: bool, expanded: bool) -> str:
    if not operates:
        return "closed" if stands else "not built"
    if not stands:
        return "new"
    return "expanded" if expanded else "kept"


def type_names(plan: Plan, say: Language) -> dict[str, str]:
    """Return the name of every facility type in the language."""
    rows = plan.run.instance["facility_types"].to_dict("records")
    return {str(row["facility_type"]): say.name(row) for row in rows}


def _types_table(subject: Subject, say: Language) -> Table:
    rows = []
    for plan in subject.plans:
        sites = sites_of(plan)
        runs, modules = plan.rows.throughput, plan.rows.modules
        done = (
            (runs["tonnes"].astype(float) * plan.share_of(runs["period"]))
            .groupby(runs["facility_type"])
            .sum()
        )
        at_work = modules[modules["operating"].astype(bool)]
        room = at_work["capacity_tonnes_per_year"].astype(float) * plan.share_of(at_work["period"])
        kinds = plan.run.instance["sites"].set_index("site")["facility_type"]
        capacity = room.groupby(at_work["site"].map(kinds)).sum()
        for kind, name in type_names(plan, say).items():
            own = sites[sites["facility_type"] == kind]["state"].value_counts()
            total, used = float(capacity.get(kind, 0.0)), float(done.get(kind, 0.0))
            rows.append(
                {
                    "policy": plan.label,
                    "facility_type": name,
                    "n_kept": int(own.get("kept", 0)),
                    "n_expanded": int(own.get("expanded", 0)),
                    "n_new": int(own.get("new", 0)),
                    "n_closed": int(own.get("closed", 0)),
                    "capacity_tonnes_per_year": total,
                    "throughput_tonnes_per_year": used,
                    "utilisation_percent": PERCENT * used / total if total > 0 else float("nan"),
                }
            )
    columns = (
        text("policy", say("policy")),
        text("facility_type", say("facility type")),
        number("n_kept", say("sites kept")),
        number("n_expanded", say("expanded")),
        number("n_new", say("new")),
        number("n_closed", say("closed")),
        number("capacity_tonnes_per_year", say("capacity at work"), say("t a year")),
        number("throughput_tonnes_per_year", say("processed"), say("t a year")),
        number("utilisation_percent", say("used"), "%", 1),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    origin = tuple(
        plan.file(f"tables/{name}.csv") for plan in subject.plans for name in ("facilities", "throughput")
    )
    return Table(
        "facilities",
        say("Sites, capacity and use by facility type, of the plans found"),
        frame,
        columns,
        origin,
    )


def _changes_table(subject: Subject, plan: Plan, rank: int, say: Language) -> Table:
    before, after = sites_of(subject.base), sites_of(plan)
    names, types = province_names(subject.base, say), type_names(subject.base, say)
    later = after[["state", "capacity"]].set_axis(["state_after", "capacity_after"], axis=1)
    both = before.join(later, how="inner")
    differs = (both["state"] != both["state_after"]) | (
        (both["capacity"] - both["capacity_after"]).abs() > CAPACITY_TOLERANCE_TONNES
    )
    both = both[differs]
    frame = pd.DataFrame(
        {
            "site": both.index,
            "name": both["name"].to_numpy(),
            "facility_type": [types[kind] for kind in both["facility_type"]],
            "province": [names[each] for each in both["jurisdiction"]],
            "state_of_base": [say(STATES[state]) for state in both["state"]],
            "state": [say(STATES[state]) for state in both["state_after"]],
            "capacity_of_base_tonnes_per_year": both["capacity"].to_numpy(),
            "capacity_tonnes_per_year": both["capacity_after"].to_numpy(),
        }
    )
    gap = (frame["capacity_tonnes_per_year"] - frame["capacity_of_base_tonnes_per_year"]).abs()
    frame = frame.loc[gap.sort_values(ascending=False, kind="stable").index]
    labels = {"policy": plan.label, "base": subject.base.label}
    columns = (
        text("site", say("site"), is_quoted=True),
        text("name", say("name"), is_quoted=True),
        text("facility_type", say("facility type")),
        text("province", say("province")),
        text("state_of_base", say("state under {policy}", policy=labels["base"])),
        text("state", say("state under {policy}", policy=labels["policy"])),
        number(
            "capacity_of_base_tonnes_per_year",
            say("capacity under {policy}", policy=labels["base"]),
            say("t a year"),
        ),
        number(
            "capacity_tonnes_per_year",
            say("capacity under {policy}", policy=labels["policy"]),
            say("t a year"),
        ),
    )
    return Table(
        f"site_changes_{rank}",
        say("Sites where {policy} differs from {base}, of the plans found", **labels),
        frame,
        columns,
        (subject.base.file("tables/facilities.csv"), plan.file("tables/facilities.csv")),
        n_shown=N_SITES_SHOWN,
    )


def hauls_of(plan: Plan) -> pd.DataFrame:
    """Return every haul (no sale at the gate) with its ends, leg, ``tonnes`` and ``tonne_km`` a year."""
    flows = plan.rows.flows
    hauls = flows[~flows["at_gate"].astype(bool)].copy()
    hauls["tonnes"] = hauls["tonnes"].astype(float) * plan.share_of(hauls["period"])
    hauls["tonne_km"] = hauls["tonnes"] * hauls["km"].astype(float)
    return hauls


def matrix_section(subject: Subject, say: Language) -> Section:
    """Return what moves from which province to which."""
    tables = [_matrix_table(plan, rank, say) for rank, plan in enumerate(subject.plans)]
    seen = {name for table in tables for end in ("from", "to") for name in table.frame[f"{end}_province"]}
    order = tuple(
        name for name in dict.fromkeys(province_names(subject.base, say).values()) if name in seen
    )
    charts = []
    for plan, table in zip(subject.plans, tables, strict=True):
        charts.append(
            Chart(
                ChartKind.HEAT,
                table.name,
                say("Tonnes hauled from province to province under {policy}", policy=plan.label),
                say(
                    "One square for each pair of provinces, the darker the more tonnes; rows are where "
                    "hauls start."
                ),
                ("tonnes_per_year",),
                label="from_province",
                x="to_province",
                order=order,
            )
        )
    words = say(
        "Every haul counts where it happens, so a battery that is collected, tested and dismantled in "
        "three places counts in each haul; what is sold at the gate is not hauled. Of the plans found."
    )
    return Section(
        "matrix", say("From province to province"), (Sentence(words),), tuple(tables), tuple(charts)
    )


def _matrix_table(plan: Plan, rank: int, say: Language) -> Table:
    hauls, names = hauls_of(plan), province_names(plan, say)
    keys = ["from_jurisdiction", "to_jurisdiction"]
    sums = hauls.groupby(keys)[["tonnes", "tonne_km"]].sum().reset_index()
    first = hauls[hauls["leg"] == "first"].groupby(keys)["tonnes"].sum()
    sums["first"] = first.reindex(pd.MultiIndex.from_frame(sums[keys]), fill_value=0.0).to_numpy()
    sums = sums.sort_values("tonnes", ascending=False, kind="stable")
    frame = pd.DataFrame(
        {
            "from_jurisdiction": sums["from_jurisdiction"],
            "from_province": [names[each] for each in sums["from_jurisdiction"]],
            "to_jurisdiction": sums["to_jurisdiction"],
            "to_province": [names[each] for each in sums["to_jurisdiction"]],
            "tonnes_per_year": sums["tonnes"],
            "first_leg_tonnes_per_year": sums["first"],
            "mean_km": sums["tonne_km"] / sums["tonnes"].where(sums["tonnes"] > 0),
        }
    )
    columns = (
        text("from_jurisdiction", say("from, code")),
        text("from_province", say("from")),
        text("to_jurisdiction", say("to, code")),
        text("to_province", say("to")),
        number("tonnes_per_year", say("hauled"), say("t a year")),
        number("first_leg_tonnes_per_year", say("of which first leg"), say("t a year")),
        number("mean_km", say("mean haul"), "km"),
    )
    title = say("Hauls from province to province under {policy}, of the plan found", policy=plan.label)
    origin = (plan.file("tables/flows.csv"),)
    return Table(f"matrix_{rank}", title, frame, columns, origin, n_shown=N_LANES_SHOWN)


def hauls_section(subject: Subject, say: Language) -> Section:
    """Return mean hauls, tonne-kilometres and what crosses borders, by leg."""
    rows = []
    for plan in subject.plans:
        hauls = hauls_of(plan)
        legs = (
            (say("first leg, from the source"), hauls["leg"] == "first"),
            (say("between sites and to markets"), hauls["leg"] != "first"),
            (say("all hauls"), pd.Series(True, index=hauls.index)),
        )
        for name, meant in legs:
            own = hauls[meant]
            tonnes, tonne_km = float(own["tonnes"].sum()), float(own["tonne_km"].sum())
            crossing = float(own.loc[own["crosses"].astype(bool), "tonnes"].sum())
            rows.append(
                {
                    "policy": plan.label,
                    "leg": name,
                    "tonnes_per_year": tonnes,
                    "million_tonne_km_per_year": tonne_km / 1e6,
                    "mean_km": tonne_km / tonnes if tonnes > 0 else float("nan"),
                    "percent_over_border": PERCENT * crossing / tonnes if tonnes > 0 else float("nan"),
                }
            )
    columns = (
        text("policy", say("policy")),
        text("leg", say("leg")),
        number("tonnes_per_year", say("hauled"), say("t a year")),
        number("million_tonne_km_per_year", say("transport"), say("m tonne-km a year"), 2),
        number("mean_km", say("mean haul"), "km", 1),
        number("percent_over_border", say("over a provincial border"), say("% of tonnes"), 1),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    origin = tuple(plan.file("tables/flows.csv") for plan in subject.plans)
    table = Table("hauls", say("Mean hauls, of the plans found"), frame, columns, origin)
    words = _hauls_words(table, say)
    return Section("hauls", say("How far batteries travel"), words, (table,))


def _hauls_words(table: Table, say: Language) -> tuple[Sentence, ...]:
    every = table.frame[table.frame["leg"] == say("all hauls")]
    km = table.column("mean_km")
    listed = [f"{row.policy} {km.shown(row.mean_km)} km" for row in every.itertuples()]
    words = say("Mean haul over all legs, of the plans found: {listed}.", listed=say.joined(listed))
    return (Sentence(words, Tone.LEAD),)
