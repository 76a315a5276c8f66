"""What missed soft targets count in a comparison: no policy gains by having no target to miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netopt.policy.compose import canonical, compose
from netopt.policy.effects import ShareRule
from netopt.policy.read import make_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netopt.data.instance import Instance
    from netopt.policy.base import Lever, Policy
    from netopt.solution.solution import Solution


def has_soft_targets(instance: Instance, policy: Policy) -> bool:
    """Return whether a policy prices the shortfall of any target."""
    return any(_is_soft(rule) for rule in compose(policy, instance).share_rules)


def free_of_penalty(policy: Policy) -> Policy:
    """Return the policy with shortfalls of all its soft targets at zero."""
    return _with_levers(policy, [_at_no_price(lever) for lever in policy.levers])


def as_far_as_in(base: Policy, policy: Policy, instance: Instance) -> tuple[Policy, tuple[str, ...]]:
    """Return the base with its soft targets counted only as far as another policy has them.

    A target is the other's too where it is a share of the same mass by the same processing. It then
    counts with the smaller of the two shares at the smaller of the two prices (a hard rule has no
    smaller price); a target that the other lacks counts at zero.

    Returns
    -------
    tuple
        The base, itself where all its targets count as they are, and the names of those that do not.
    """
    others = compose(policy, instance).share_rules
    levers: dict[str, Lever] = {}
    lessened: list[str] = []
    for lever in base.levers:
        for part in _one_target_each(lever, instance):
            weaker = _as_far_as(part, _targets(part, instance), others)
            if weaker is not part:
                lessened += [rule.rule for rule in _targets(part, instance)]
            levers[canonical(weaker)] = weaker
    if not lessened:
        return base, ()
    return _with_levers(base, levers.values()), tuple(dict.fromkeys(lessened))


def own_shortfall_cny_per_year(solution: Solution, base: Policy) -> tuple[float, tuple[str, ...]]:
    """Return what missing targets that the base does not have costs in a plan, and their names.

    Annual equivalent, CNY a year; of this plan, as other plans may cost the same and miss less.
    """
    instance = solution.instance
    known = {_key(rule) for rule in compose(base, instance).share_rules}
    own = [
        rule
        for rule in compose(solution.policy, instance).share_rules
        if _is_soft(rule) and _key(rule) not in known
    ]
    prices = {rule.rule: rule.penalty_cny_per_tonne for rule in own}
    weights = instance.period_weights()
    missed = solution.answer.shortfalls[solution.answer.shortfalls["rule"].isin(prices)]
    cny = missed["shortfall_tonnes_per_year"] * missed["rule"].map(prices).astype(float)
    total = float((cny * missed["period"].map(weights).astype(float)).sum()) / sum(weights.values())
    return total, tuple(rule for rule in prices if rule in set(missed.loc[cny > 0, "rule"]))


def _is_soft(rule: ShareRule) -> bool:
    """Whether a rule is a target that may be missed at a price."""
    return rule.penalty_cny_per_tonne is not None and rule.is_target


def _key(rule: ShareRule) -> tuple[object, ...]:
    return rule.lever, rule.part, rule.whole


def _targets(lever: Lever, instance: Instance) -> list[ShareRule]:
    effects = lever.effects(instance)
    return [effect for effect in effects if isinstance(effect, ShareRule) and _is_soft(effect)]


def _one_target_each(lever: Lever, instance: Instance) -> list[Lever]:
    """Return a lever as one for each jurisdiction where each has a soft target of its own."""
    jurisdictions: Sequence[str] = getattr(lever, "jurisdictions", ())
    if len(jurisdictions) < 2 or not _targets(lever, instance):
        return [lever]
    return [lever.model_copy(update={"jurisdictions": (name,)}) for name in jurisdictions]


def _as_far_as(lever: Lever, targets: list[ShareRule], others: Iterable[ShareRule]) -> Lever:
    """Return the lever itself, or one with the share and the price that count."""
    found = [_terms(target, [rule for rule in others if _key(rule) == _key(target)]) for target in targets]
    if all(
        terms == (target.share, target.penalty_cny_per_tonne)
        for terms, target in zip(found, targets, strict=True)
    ):
        return lever
    share, price = (min(values) for values in zip(*found, strict=True))
    changed: dict[str, Any] = {"penalty_cny_per_tonne": price}
    if price > 0:
        changed["share"] = share
    return lever.model_copy(update=changed)


def _terms(target: ShareRule, same: list[ShareRule]) -> tuple[float, float]:
    """Return share and price (CNY/t) that a soft target counts with beside another's ``same`` rules."""
    price = target.penalty_cny_per_tonne or 0.0
    hard = [rule.share for rule in same if not _is_soft(rule)]
    soft = [rule for rule in same if _is_soft(rule)]
    if any(share >= target.share for share in hard):
        return target.share, price
    if soft:
        return min(target.share, soft[0].share), min(price, soft[0].penalty_cny_per_tonne or 0.0)
    return (min(target.share, *hard), price) if hard else (target.share, 0.0)


def _at_no_price(lever: Lever) -> Lever:
    has_price = getattr(lever, "penalty_cny_per_tonne", None)
    return lever.model_copy(update={"penalty_cny_per_tonne": 0.0}) if has_price else lever


def _with_levers(policy: Policy, levers: Iterable[Lever]) -> Policy:
    return make_policy(policy.name, levers, policy.perspective, policy.title, policy.description)
