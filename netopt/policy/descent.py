"""Which retired batteries each undismantled commodity can have come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from netopt.data.instance import Instance


def retired_ancestors(instance: Instance, *, returns: bool = False) -> dict[str, frozenset[str]]:
    """Return the retired commodities that each undismantled commodity is, or can be made from.

    A recipe hands the ancestors of its undismantled inputs on to its undismantled outputs; what
    is dismantled has none.

    Parameters
    ----------
    instance
        With supply and recipes; recipes form no cycle.
    returns
        Whether what returns from second life retires too (where origins are named it counts as none
        of them, so it does not).
    """
    commodities = instance["commodities"]
    whole = set(commodities.loc[commodities["undismantled"].astype(bool), "commodity"])
    retired = {*instance["supply"]["commodity"]}
    if returns:
        retired |= {*instance["second_life"]["returned_commodity"]}
    pairs = instance["recipe_inputs"].merge(
        instance["recipe_outputs"], on="recipe", suffixes=("_in", "_out")
    )
    steps = {
        (taken, given)
        for taken, given in zip(pairs["commodity_in"], pairs["commodity_out"], strict=True)
        if taken in whole and given in whole
    }
    found = {name: frozenset({name} & retired) for name in sorted(whole)}
    while True:
        grown = {name: found[name].union(*(found[a] for a, b in steps if b == name)) for name in found}
        if grown == found:
            return found
        found = grown


def descendants(instance: Instance, retired: Collection[str], *, returns: bool = False) -> frozenset[str]:
    """Return the undismantled commodities that come from these retired commodities and no others."""
    ancestors = retired_ancestors(instance, returns=returns)
    return frozenset(name for name, from_ in ancestors.items() if from_ and from_ <= {*retired})


def mixed_descendants(instance: Instance, retired: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the commodities that come from these retired commodities and from others too.

    Returns
    -------
    dict
        Commodity -> the other retired commodities that it can come from.
    """
    ancestors = retired_ancestors(instance)
    named = {*retired}
    return {name: from_ - named for name, from_ in ancestors.items() if from_ & named and from_ - named}
