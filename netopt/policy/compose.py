"""From levers to effects: what a policy as a whole does to a network, whatever the levers' order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from netopt.errors import PolicyError, Problem
from netopt.policy.contradictions import Controls
from netopt.policy.effects import (
    BorderTransfer,
    CapacityTransfer,
    CapitalTransfer,
    CollectionCharge,
    CountSites,
    CrossingDelay,
    DelayExemption,
    Effect,
    Effects,
    EmissionTransfer,
    FacilityCharge,
    ForbidHauls,
    ForbidOperators,
    ForceSite,
    Ids,
    JurisdictionCharge,
    MoreOutlets,
    NarrowGap,
    Reclassify,
    RunTransfer,
    ShareRule,
    SingleSource,
    StorageCharge,
    SupplyTransfer,
    TradeTransfer,
)

if TYPE_CHECKING:
    from netopt.data.instance import Instance
    from netopt.policy.base import Lever, Policy

E = TypeVar("E")


def compose(policy: Policy, instance: Instance) -> Effects:
    """Return all effects of a policy on an instance, merged and in canonical order.

    Charges and prohibitions add up. Of several delays the costliest counts, of several
    exemptions the largest: ``delay = max(days * cost) * (1 - max(share))``. A rule that two
    levers state alike is one rule. The order of the levers never matters.

    Parameters
    ----------
    policy, instance
        The ids that the policy names must be the instance's (``read_policy`` sees to it).

    Raises
    ------
    PolicyError
        If two levers are the same, give a commodity two goods classes, state one rule with two
        shares or two penalties; if controls contradict each other or the tables whatever the plan
        (``netopt.policy.contradictions``); if a lever has no clear meaning on this instance.
    """
    levers = sorted(policy.levers, key=canonical)
    found = [effect for lever in levers for effect in lever.effects(instance)]
    classes = _goods_classes(found, instance)
    rules = _distinct(_of(ShareRule, found))
    forced = _distinct(_of(ForceSite, found))
    counts = _distinct(_of(CountSites, found))
    where = f"policy {policy.name}"
    problems = [
        *_repeated(levers, where),
        *_refused(levers, instance, where),
        *_class_conflicts(classes, where),
        *_rule_conflicts(rules, where),
        *Controls(forced, counts, instance, where).problems(),
    ]
    if problems:
        raise PolicyError(where, problems)
    return Effects(
        goods_class={commodity: next(iter(named)) for commodity, named in classes.items()},
        forbidden_operators=_distinct(_of(ForbidOperators, found)),
        forbidden_hauls=_distinct(_of(ForbidHauls, found)),
        forced_sites=forced,
        site_counts=counts,
        single_sources=_distinct(_of(SingleSource, found)),
        collection_charges=_of(CollectionCharge, found),
        facility_charges=_of(FacilityCharge, found),
        storage_charges=_of(StorageCharge, found),
        jurisdiction_charges=_of(JurisdictionCharge, found),
        narrowed_gaps=_of(NarrowGap, found),
        supply_transfers=_of(SupplyTransfer, found),
        run_transfers=_of(RunTransfer, found),
        capacity_transfers=_of(CapacityTransfer, found),
        capital_transfers=_of(CapitalTransfer, found),
        border_transfers=_of(BorderTransfer, found),
        trade_transfers=_of(TradeTransfer, found),
        emission_transfers=_of(EmissionTransfer, found),
        more_outlets=_of(MoreOutlets, found),
        delay_cny_per_tonne=_delay_cny_per_tonne(found),
        share_rules=_with_unique_ids(rules),
        tracked_origins=_tracked_origins(rules),
    )


def friction_cny_per_tonne(effects: Effects, instance: Instance) -> float:
    """Return what a policy's collection charges put on a tonne (CNY per formally collected tonne).

    The mean over retired commodities, weighted by the mass that retires over the horizon, whatever
    is collected of it: the friction that the informal channel's logit answers to must not depend
    on the plan. Zero where nothing retires.
    """
    years = instance.period_years()
    supply = instance["supply"]
    tonnes = supply["supply_tonnes_per_year"] * supply["period"].map(years).astype(float)
    total_tonnes = float(tonnes.sum())
    if total_tonnes == 0:
        return 0.0
    paid_cny = 0.0
    for charge in effects.collection_charges:
        bears = supply["commodity"].isin(charge.commodities or supply["commodity"])
        paid_cny += charge.cny_per_tonne * float(tonnes[bears].sum())
    return paid_cny / total_tonnes


def canonical(lever: Lever) -> str:
    """Return a text that is the same for levers of the same content, whatever their basis."""
    return json.dumps(lever.model_dump(mode="json", exclude={"basis"}), sort_keys=True)


def _of(kind: type[E], effects: Iterable[Effect]) -> tuple[E, ...]:
    return tuple(sorted((effect for effect in effects if isinstance(effect, kind)), key=repr))


def _distinct(effects: Iterable[E]) -> tuple[E, ...]:
    return tuple(dict.fromkeys(effects))


def _goods_classes(effects: Sequence[Effect], instance: Instance) -> dict[str, dict[str, None]]:
    """Return commodity -> the classes that levers give it (a dict as an ordered set)."""
    every = tuple(instance["commodities"]["commodity"])
    classes: dict[str, dict[str, None]] = {}
    for effect in _of(Reclassify, effects):
        for commodity in effect.commodities or every:
            classes.setdefault(commodity, {})[effect.goods_class] = None
    return dict(sorted(classes.items()))


def _delay_cny_per_tonne(effects: Sequence[Effect]) -> float:
    delays = [delay.cny_per_tonne for delay in _of(CrossingDelay, effects)]
    exempt = [exemption.share for exemption in _of(DelayExemption, effects)]
    return max(delays, default=0.0) * (1.0 - max(exempt, default=0.0))


def _tracked_origins(rules: Sequence[ShareRule]) -> Ids:
    masses = [mass for rule in rules for mass in (rule.part, rule.whole)]
    tracked = {origin for mass in masses if mass.measure == "processed" for origin in mass.origins}
    return tuple(sorted(tracked))


def _with_unique_ids(rules: Sequence[ShareRule]) -> tuple[ShareRule, ...]:
    """Number the second and later rules of one id (a hard floor beside a soft target, say)."""
    seen: dict[str, int] = {}
    named = []
    for rule in rules:
        seen[rule.rule] = number = seen.get(rule.rule, 0) + 1
        named.append(rule if number == 1 else replace(rule, rule=f"{rule.rule} #{number}"))
    return tuple(named)


def _repeated(levers: Sequence[Lever], where: str) -> list[Problem]:
    texts = [canonical(lever) for lever in levers]
    return [
        Problem(where, None, lever.lever, "repeated_lever", "", f"{lever.lever} is given twice alike", "")
        for lever, text, before in zip(levers[1:], texts[1:], texts, strict=False)
        if text == before
    ]


def _refused(levers: Sequence[Lever], instance: Instance, where: str) -> list[Problem]:
    return [
        Problem(where, None, parameter, "unclear_lever", value, f"{lever.lever}: {message}", hint)
        for lever in levers
        for parameter, value, message, hint in lever.refusals(instance)
    ]


def _class_conflicts(classes: dict[str, dict[str, None]], where: str) -> list[Problem]:
    return [
        Problem(
            where,
            None,
            "goods_class",
            "contradictory_levers",
            commodity,
            f"{commodity} is given two goods classes: {' and '.join(named)}",
            "keep one classification for each commodity",
        )
        for commodity, named in classes.items()
        if len(named) > 1
    ]


def _rule_conflicts(rules: Sequence[ShareRule], where: str) -> list[Problem]:
    """Find rules on the same masses, both hard or both soft, that demand different things."""
    demands: dict[tuple[object, ...], list[ShareRule]] = {}
    for rule in rules:
        is_hard = rule.penalty_cny_per_tonne is None
        demands.setdefault((rule.lever, rule.part, rule.whole, is_hard), []).append(rule)
    return [
        Problem(
            where,
            None,
            same[0].lever,
            "contradictory_levers",
            same[0].rule,
            f"{same[0].rule} is demanded with {' and '.join(_terms(rule) for rule in same)}",
            "keep one of them",
        )
        for same in demands.values()
        if len(same) > 1
    ]


def _terms(rule: ShareRule) -> str:
    if rule.penalty_cny_per_tonne is None:
        return f"share {rule.share:g}"
    return f"share {rule.share:g} at {rule.penalty_cny_per_tonne:g} CNY/t"
