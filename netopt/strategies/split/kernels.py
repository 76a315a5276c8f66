"""The two halves of the split model, compiled, and the steps between them.

Arrays are over the numbers that ``layout`` gives out. Prices ``[period, site, supply]`` are in thousand CNY
per tonne of load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Prices = NDArray[np.float32]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MARKET, RECIPE = -2, -1
"""How goods go on that no lane carries: they are sold, or a recipe takes them."""

NEGLIGIBLE = 1e-9
"""Tonnes of mean surplus that are none."""

TOO_LITTLE = 1e-6
"""Tonnes a year that need no module."""

ROUNDINGS = 6 * 2.0**-24
"""Relative error of a haul's cost in single precision, as a share of the farthest haul's and of its own."""

DEEPEST = 256
"""Goods of one supply that wait to be followed at a time: recipes times their outputs, in a chain."""


class Ways(NamedTuple):
    """What never changes about the ways that supplies can take.

    Attributes
    ----------
    tonnes
        Collected (t/yr), by period and supply.
    origin, commodity
        Of each supply, by number.
    first_lanes, first_givers, first_start
        Lanes out of each supply's source and its number among givers; supply ``u`` has those from
        ``first_start[u]`` to ``first_start[u + 1]``.
    order
        Commodities, whatever recipes make of one before it.
    is_whole
        Of commodities: whether the goods remember where they came from.
    run_start
        Recipes at sites ("runs") sorted by the commodity that they take: first of each commodity.
    run_site, run_units
        Site and units taken in per tonne of throughput, by run.
    out_start, out_commodity, out_units
        Outputs, sorted by run: commodity and units per tonne of throughput.
    shut
        Whether nothing may arrive at a site, by period and site.
    lane_start
        Lanes between sites sorted by commodity: first of each commodity.
    giver_start, giver_site
        Givers sorted by lane: first of each lane; site of each.
    n_takers, haul_start
        Of each lane: its takers, and where its hauls begin.
    lane_giver
        Number of the giver, by lane between sites and site; -1: none.
    km, taker, crosses
        Hauls, from each giver the nearest first: length, site at the end, whether it leaves the province.
    lane_taker, taker_place, taker_start
        Takers lane by lane: site; number of its place within the lane, of takers that are equally far from
        every giver; first taker of each lane.
    n_places, across_start, farthest_km
        Of each lane: its places of takers, where its part of ``km_across`` begins, its longest haul.
    km_across
        Lengths by place of takers and giver, lane by lane; inf where there is no way.
    leaves_mark
        Of lanes: whether a crossing is remembered.
    sale_start, sale_site
        Sales (site to market) sorted by commodity: first of each commodity; site of each.
    seller, seller_start
        Sites that can sell a commodity, by number; first of each commodity.
    sale_return
        What comes back of each sale in later periods; -1: nothing.
    return_rate
        Tonnes that come back per unit sold, by return, period of the sale and period.
    return_lanes, return_givers, return_start
        As those of supplies, of each return.
    return_commodity
        What comes back.
    """

    tonnes: Floats
    origin: Ints
    commodity: Ints
    first_lanes: Ints
    first_givers: Ints
    first_start: Ints
    order: Ints
    is_whole: Flags
    run_start: Ints
    run_site: Ints
    run_units: Floats
    out_start: Ints
    out_commodity: Ints
    out_units: Floats
    shut: Flags
    lane_start: Ints
    giver_start: Ints
    giver_site: Ints
    n_takers: Ints
    haul_start: Ints
    lane_giver: Ints
    km: Floats
    taker: Ints
    crosses: Flags
    lane_taker: Ints
    taker_place: Ints
    taker_start: Ints
    n_places: Ints
    across_start: Ints
    farthest_km: Floats
    km_across: Prices
    leaves_mark: Flags
    sale_start: Ints
    sale_site: Ints
    seller: Ints
    seller_start: Ints
    sale_return: Ints
    return_rate: Floats
    return_lanes: Ints
    return_givers: Ints
    return_start: Ints
    return_commodity: Ints


class WayCosts(NamedTuple):
    """Costs net of what side rules pay (thousand CNY per unit).

    ``run`` by period, origin, left and run; ``own``, ``per_km``, ``departs`` by period and giver; ``sold``
    by period, commodity and site: the cheapest sale (inf: none) of what does not come back, and
    ``best_sale`` its number; ``sale`` by period and sale; ``unserved`` by period and supply (per tonne; inf
    where all must be served).
    """

    run: Floats
    own: Floats
    per_km: Floats
    departs: Floats
    sold: Floats
    best_sale: Ints
    sale: Floats
    unserved: Floats


class WayAmounts(NamedTuple):
    """What the cheapest ways of some supplies amount to.

    ``run`` (t/yr) as in ``WayCosts``; ``sent`` by period, giver and what: units, unit-kilometres, units
    that first left their province; ``sale`` (units) by period and sale.
    """

    run: Floats
    sent: Floats
    sale: Floats


class Onward(NamedTuple):
    """The cheapest ways on of one supply's goods, by commodity, left and site.

    ``cost`` (thousand CNY per unit); ``how``: ``MARKET``, ``RECIPE`` or the lane; ``which``: sale or run.
    """

    cost: Floats
    how: Ints
    which: Ints


class Back(NamedTuple):
    """What comes back of a supply's goods from second life.

    ``cost`` (thousand CNY per tonne) by period and return; ``haul``: lane, haul and giver of its way on.
    """

    cost: Floats
    haul: Ints


class Uses(NamedTuple):
    """What sites can do; modules are those that are whole, sorted by site.

    Attributes
    ----------
    most
        Most tonnes of what a supply gives, or gets back, that can load one site in one period (t/yr), as
        ``prices``.
    part_cost, part_capacity
        Of capacity that may be kept in part, by period and site: thousand CNY per tonne of load, its
        fixed cost in it; t/yr (0: there is none).
    module_start
        First module of each site.
    capacity, stands
        Of each module.
    load, operating, opened, expanded
        Costs by period and module (thousand CNY a year; ``load`` per tonne); inf where it may not be.
    may_close
        Whether what operates may be given up.
    """

    most: Prices
    part_cost: Floats
    part_capacity: Floats
    module_start: Ints
    capacity: Floats
    stands: Flags
    load: Floats
    operating: Floats
    opened: Floats
    expanded: Floats
    may_close: bool


if TYPE_CHECKING:

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile."""

    def within(function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile where it is called."""

else:
    compiled = njit(cache=True, nogil=True)
    # A call copies every array's header, which costs more than what these do.
    within = njit(cache=True, nogil=True, inline="always")


@compiled
def cheapest_ways(
    ways: Ways,
    costs: WayCosts,
    prices: Prices,
    supplies: tuple[int, int],
    value: Floats,
    surplus: Prices,
    amounts: WayAmounts,
) -> None:
    """Find the cheapest way of each supply from the first to before the last of ``supplies``.

    Fills in ``value`` (thousand CNY per tonne, by period and supply), and adds what supplies load to
    ``surplus`` (t/yr, as ``prices``) and to ``amounts``.
    """
    n_periods, n_returns = len(ways.tonnes), len(ways.return_commodity)
    # What comes back is followed in later periods, and no longer remembers where it retired.
    n_kept = n_periods if n_returns else 1
    shape = (n_kept, 2, len(ways.is_whole), costs.run.shape[2], ways.shut.shape[1])
    every = Onward(np.empty(shape), np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32))
    back = Back(
        np.full((n_periods, n_returns), np.inf), np.zeros((n_periods, n_returns, 3), dtype=np.int64)
    )
    for u in range(supplies[0], supplies[1]):
        for t in range(n_periods - 1, -1, -1):
            value[t, u] = 0.0
            kept = t if n_returns else 0
            has_back = n_returns > 0 and ways.return_rate[:, :, t].max() > 0.0
            if ways.tonnes[t, u] > 0.0 or (has_back and ways.origin[u] == 0):
                onward = Onward(every.cost[kept, 0], every.how[kept, 0], every.which[kept, 0])
                _find(ways, costs, prices, (t, u, ways.origin[u]), back, onward)
            if has_back:
                home = 0 if ways.origin[u] == 0 else 1
                onward = Onward(every.cost[kept, home], every.how[kept, home], every.which[kept, home])
                if home:
                    _find(ways, costs, prices, (t, u, 0), back, onward)
                _bring_back(ways, costs, t, onward.cost, back)
            if ways.tonnes[t, u] <= 0.0:
                continue
            starts = (ways.first_lanes, ways.first_givers)
            numbers = (ways.first_start[u], ways.first_start[u + 1])
            commodity = ways.commodity[u]
            cost, lane, haul, giver = _first_haul(
                ways, costs, t, starts, numbers, every.cost[kept, 0, commodity]
            )
            if costs.unserved[t, u] <= cost:
                value[t, u] = costs.unserved[t, u]
                continue
            value[t, u] = cost
            _follow((ways, costs), (t, u), (lane, haul, giver), every, back, surplus, amounts)


@compiled
def _find(
    ways: Ways,
    costs: WayCosts,
    prices: Prices,
    whose: tuple[int, int, int],
    back: Back,
    onward: Onward,
) -> None:
    """Find the cheapest ways on of the goods of a supply in a period, with an origin."""
    t, _, _ = whose
    onward.cost[:] = np.inf
    for commodity in ways.order:
        _through_runs(ways, costs, prices, whose, commodity, onward)
        _through_sales(ways, costs, t, commodity, onward)
        _through_second_life(ways, costs, t, commodity, back, onward)
        _along_lanes(ways, costs, t, commodity, onward)


@compiled
def _bring_back(ways: Ways, costs: WayCosts, t: int, onward: Floats, back: Back) -> None:
    """Find the cheapest way of a tonne of each return that comes back in a period."""
    starts = (ways.return_lanes, ways.return_givers)
    for number in range(len(ways.return_commodity)):
        numbers = (ways.return_start[number], ways.return_start[number + 1])
        there = onward[ways.return_commodity[number]]
        cost, lane, haul, giver = _first_haul(ways, costs, t, starts, numbers, there)
        back.cost[t, number] = cost
        back.haul[t, number, 0] = lane
        back.haul[t, number, 1] = haul
        back.haul[t, number, 2] = giver


@within
def _through_runs(
    ways: Ways,
    costs: WayCosts,
    prices: Prices,
    whose: tuple[int, int, int],
    commodity: int,
    onward: Onward,
) -> None:
    t, u, origin = whose
    there, how, which = onward.cost, onward.how[commodity], onward.which[commodity]
    run_cost, price, shut = costs.run[t, origin], prices[t, :, u].copy(), ways.shut[t]
    sites, units, starts = ways.run_site, ways.run_units, ways.out_start
    made_goods, made_units, is_whole = ways.out_commodity, ways.out_units, ways.is_whole
    n_lefts = there.shape[1] if is_whole[commodity] else 1
    for run in range(ways.run_start[commodity], ways.run_start[commodity + 1]):
        site = sites[run]
        if shut[site]:
            continue
        for left in range(n_lefts):
            cost = run_cost[left, run] + price[site]
            for out in range(starts[run], starts[run + 1]):
                made = made_goods[out]
                cost += made_units[out] * there[made, left if is_whole[made] else 0, site]
            cost /= units[run]
            if cost < there[commodity, left, site]:
                there[commodity, left, site] = cost
                how[left, site] = RECIPE
                which[left, site] = run


@within
def _through_sales(ways: Ways, costs: WayCosts, t: int, commodity: int, onward: Onward) -> None:
    sold, sale = costs.sold[t, commodity], costs.best_sale[t, commodity]
    there, how, which = onward.cost[commodity], onward.how[commodity], onward.which[commodity]
    n_lefts = len(there) if ways.is_whole[commodity] else 1
    sellers = ways.seller[ways.seller_start[commodity] : ways.seller_start[commodity + 1]]
    for site in sellers:
        for left in range(n_lefts):
            if sold[site] < there[left, site]:
                there[left, site] = sold[site]
                how[left, site] = MARKET
                which[left, site] = sale[site]


@within
def _through_second_life(
    ways: Ways, costs: WayCosts, t: int, commodity: int, back: Back, onward: Onward
) -> None:
    """Sell what comes back later: whoever sells pays for that too."""
    n_returns = len(ways.return_commodity)
    begin, end = ways.sale_start[commodity], ways.sale_start[commodity + 1]
    if n_returns == 0 or begin == end:
        return
    later = np.zeros(n_returns)
    for number in range(n_returns):
        for when in range(t + 1, len(ways.tonnes)):
            rate = ways.return_rate[number, t, when]
            if rate > 0.0:
                later[number] += rate * back.cost[when, number]
    there, how, which = onward.cost[commodity], onward.how[commodity], onward.which[commodity]
    sites, returns, own = ways.sale_site, ways.sale_return, costs.sale[t]
    n_lefts = len(there) if ways.is_whole[commodity] else 1
    for sale in range(begin, end):
        if returns[sale] < 0:
            continue
        cost, site = own[sale] + later[returns[sale]], sites[sale]
        for left in range(n_lefts):
            if cost < there[left, site]:
                there[left, site] = cost
                how[left, site] = MARKET
                which[left, site] = sale


@within
def _along_lanes(ways: Ways, costs: WayCosts, t: int, commodity: int, onward: Onward) -> None:
    there, how = onward.cost[commodity], onward.how[commodity]
    own, per_km, giver_start, giver_site = costs.own[t], costs.per_km[t], ways.giver_start, ways.giver_site
    n_lefts = len(there) if ways.is_whole[commodity] else 1
    for lane in range(ways.lane_start[commodity], ways.lane_start[commodity + 1]):
        first = giver_start[lane]
        found = np.empty(giver_start[lane + 1] - first)
        for left in range(n_lefts):
            if ways.leaves_mark[lane] and left == 0:
                _marked_hauls(ways, costs, t, lane, there, found)
            else:
                _cheapest_hauls(ways, lane, per_km[first : first + len(found)], there[left], found)
            for number in range(len(found)):
                site, cost = giver_site[first + number], own[first + number] + found[number]
                if cost < there[left, site]:
                    there[left, site] = cost
                    how[left, site] = lane


@compiled
def _cheapest_hauls(ways: Ways, lane: int, per_km: Floats, there: Floats, found: Floats) -> None:
    """Find what the cheapest haul of each giver of a lane costs with what follows (``there``, by site).

    In single precision, which is twice as fast. Of each sum ``per_km * km + there`` five roundings and
    casts are off by a unit in the last place at most, so by ``ROUNDINGS`` of its parts; that is taken off
    ``found``, which so never lies above the least.
    """
    takers = ways.lane_taker[ways.taker_start[lane] : ways.taker_start[lane + 1]]
    places = ways.taker_place[ways.taker_start[lane] : ways.taker_start[lane + 1]]
    n_givers = len(found)
    onward = np.full(ways.n_places[lane], np.inf, dtype=np.float32)
    for number in range(len(takers)):
        onward[places[number]] = min(onward[places[number]], np.float32(there[takers[number]]))
    begin = ways.across_start[lane]
    km = ways.km_across[begin : begin + len(onward) * n_givers].reshape(len(onward), n_givers)
    least, rate = np.full(n_givers, np.inf, dtype=np.float32), per_km.astype(np.float32)
    for place in range(len(onward)):
        row, after = km[place], onward[place]
        # The plainest loop over givers: processors work on several of them at once.
        for giver in range(n_givers):
            cost = rate[giver] * row[giver] + after
            least[giver] = min(least[giver], cost)
    for giver in range(n_givers):
        found[giver] = least[giver]
        if found[giver] < np.inf:
            farthest = abs(per_km[giver]) * ways.farthest_km[lane]
            found[giver] -= ROUNDINGS * (farthest + abs(found[giver]))


@compiled
def _marked_hauls(ways: Ways, costs: WayCosts, t: int, lane: int, there: Floats, found: Floats) -> None:
    """Do the same for goods whose leaving their province is remembered, and that have not left yet."""
    # Every look into a tuple of arrays counts references, which within loops costs more than the loop.
    km, taker, crosses = ways.km, ways.taker, ways.crosses
    per_km, departs = costs.per_km[t], costs.departs[t]
    first, n_takers, least = ways.giver_start[lane], ways.n_takers[lane], there.min()
    for number in range(len(found)):
        begin = ways.haul_start[lane] + number * n_takers
        giver = first + number
        found[number], _ = _best_haul(
            (km, taker, crosses, there),
            (begin, begin + n_takers, 0, True),
            (0.0, per_km[giver], departs[giver], least, np.inf),
        )


@within
def _best_haul(
    hauls: tuple[Floats, Ints, Flags, Floats],
    state: tuple[int, int, int, bool],
    costs: tuple[float, float, float, float, float],
) -> tuple[float, int]:
    """Return the cheapest of a giver's hauls that costs less than the best known; -1 where there is none.

    The nearest are tried first, until no farther one can be cheaper: none costs less than ``least`` beyond.

    Parameters
    ----------
    hauls
        Length (km), taker and crossing of every haul; what it costs from each site on, by left and site.
    state
        The first haul and the one after the last; whether the goods have left; whether leaving is marked.
    costs
        Of no haul, of a kilometre, of a departure; ``least``; the best known.
    """
    km, taker, crosses, onward = hauls
    begin, end, left, marks = state
    own, per_km, departs, least, best = costs
    found = -1
    beyond = own + least + (min(departs, 0.0) if marks else 0.0)
    for haul in range(begin, end):
        if km[haul] == np.inf:
            break
        hauled = per_km * km[haul]
        if hauled + beyond >= best and per_km >= 0.0:
            break
        after = left
        cost = own + hauled
        if marks and crosses[haul]:
            cost += departs
            after = 1
        cost += onward[after, taker[haul]]
        if cost < best:
            best, found = cost, haul
    return best, found


@within
def _first_haul(
    ways: Ways,
    costs: WayCosts,
    t: int,
    starts: tuple[Ints, Ints],
    numbers: tuple[int, int],
    onward: Floats,
) -> tuple[float, int, int, int]:
    """Return cost, lane, haul and giver of the cheapest way out of a source, or a market."""
    lanes, givers = starts
    hauls = (ways.km, ways.taker, ways.crosses, onward)
    least = onward.min()
    best, best_lane, best_haul, best_giver = np.inf, -1, -1, -1
    for number in range(numbers[0], numbers[1]):
        lane, giver = lanes[number], givers[number]
        begin = ways.haul_start[lane] + (giver - ways.giver_start[lane]) * ways.n_takers[lane]
        cost, haul = _best_haul(
            hauls,
            (begin, begin + ways.n_takers[lane], 0, ways.leaves_mark[lane]),
            (costs.own[t, giver], costs.per_km[t, giver], costs.departs[t, giver], least, best),
        )
        if haul >= 0:
            best, best_lane, best_haul, best_giver = cost, lane, haul, giver
    return best, best_lane, best_haul, best_giver


@compiled
def _follow(
    known: tuple[Ways, WayCosts],
    period_supply: tuple[int, int],
    first_haul: tuple[int, int, int],
    every: Onward,
    back: Back,
    surplus: Prices,
    amounts: WayAmounts,
) -> None:
    """Add up what a supply loads along its cheapest way, in later periods too."""
    ways, costs = known
    first_period, u = period_supply
    goods = np.empty((DEEPEST, 5), dtype=np.int64)
    units = np.empty(DEEPEST)
    goods[0, 0], goods[0, 1], goods[0, 2] = first_period, 0, ways.commodity[u]
    goods[0, 3], goods[0, 4] = _arrived(
        ways, first_period, first_haul, 0, ways.tonnes[first_period, u], amounts
    )
    units[0] = ways.tonnes[first_period, u]
    n_open = 1
    home = 0 if ways.origin[u] == 0 else 1
    while n_open:
        n_open -= 1
        t, is_back, commodity = goods[n_open, 0], goods[n_open, 1], goods[n_open, 2]
        left, site, amount = goods[n_open, 3], goods[n_open, 4], units[n_open]
        kept = t if len(every.cost) > 1 else 0
        way = every.how[kept, is_back, commodity, left, site]
        number = every.which[kept, is_back, commodity, left, site]
        if way == MARKET:
            amounts.sale[t, number] += amount
            which = ways.sale_return[number]
            for when in range(t + 1, len(ways.tonnes) if which >= 0 else 0):
                tonnes = amount * ways.return_rate[which, t, when]
                if tonnes > 0.0:
                    goods[n_open, 0], goods[n_open, 1] = when, home
                    goods[n_open, 2] = ways.return_commodity[which]
                    by = (back.haul[when, which, 0], back.haul[when, which, 1], back.haul[when, which, 2])
                    goods[n_open, 3], goods[n_open, 4] = _arrived(ways, when, by, 0, tonnes, amounts)
                    units[n_open] = tonnes
                    n_open += 1
        elif way == RECIPE:
            tonnes = amount / ways.run_units[number]
            surplus[t, site, u] += tonnes
            amounts.run[t, 0 if is_back else ways.origin[u], left, number] += tonnes
            for out in range(ways.out_start[number], ways.out_start[number + 1]):
                made = ways.out_commodity[out]
                goods[n_open, 0], goods[n_open, 1], goods[n_open, 2] = t, is_back, made
                goods[n_open, 3] = left if ways.is_whole[made] else 0
                goods[n_open, 4] = site
                units[n_open] = tonnes * ways.out_units[out]
                n_open += 1
        else:
            by = _haul_along(ways, costs, t, (way, site, left), every.cost[kept, is_back, commodity])
            goods[n_open, 3], goods[n_open, 4] = _arrived(ways, t, by, left, amount, amounts)
            n_open += 1


@compiled
def _haul_along(
    ways: Ways, costs: WayCosts, t: int, state: tuple[int, int, int], there: Floats
) -> tuple[int, int, int]:
    """Return lane, haul and giver of the cheapest haul of a lane; ``state`` is lane, site and left."""
    lane, site, left = state
    giver = ways.lane_giver[lane, site]
    begin = ways.haul_start[lane] + (giver - ways.giver_start[lane]) * ways.n_takers[lane]
    _, haul = _best_haul(
        (ways.km, ways.taker, ways.crosses, there),
        (begin, begin + ways.n_takers[lane], left, ways.leaves_mark[lane] and left == 0),
        (0.0, costs.per_km[t, giver], costs.departs[t, giver], -np.inf, np.inf),
    )
    return lane, haul, giver


@compiled
def _arrived(
    ways: Ways, t: int, by: tuple[int, int, int], left: int, amount: float, amounts: WayAmounts
) -> tuple[int, int]:
    """Add up a haul; return whether the goods have left their province by then, and where they are."""
    lane, haul, giver = by
    amounts.sent[t, giver, 0] += amount
    amounts.sent[t, giver, 1] += amount * ways.km[haul]
    after = left
    if ways.leaves_mark[lane] and left == 0 and ways.crosses[haul]:
        amounts.sent[t, giver, 2] += amount
        after = 1
    return after, ways.taker[haul]


@compiled
def best_uses(
    uses: Uses, prices: Prices, first: int, last: int, profit: Floats, chosen: Ints, surplus: Prices
) -> None:
    """Find what each site from ``first`` to ``last`` - 1 best does at the prices that supplies pay.

    Fills in ``profit`` (thousand CNY a year, by site) and ``chosen`` (by period and site: a bit for every
    module that operates), and takes what the sites load from ``surplus``.
    """
    n_periods = len(prices)
    for site in range(first, last):
        n_modules = uses.module_start[site + 1] - uses.module_start[site]
        n_sets = 1 << n_modules
        earned = np.zeros((n_periods, n_sets))
        loaded = np.zeros((n_periods, n_sets))
        supplies = np.empty((n_periods, prices.shape[2]), dtype=np.int64)
        n_paying = np.zeros(n_periods, dtype=np.int64)
        for t in range(n_periods):
            n_paying[t] = _paying(uses, prices, t, site, supplies[t])
            for chosen_set in range(n_sets):
                _fill(uses, prices, (t, site, chosen_set), supplies[t, : n_paying[t]], earned, loaded)
        sets, profit[site] = _schedule(uses, site, earned)
        for t in range(n_periods):
            chosen[t, site] = sets[t]
            rest = loaded[t, sets[t]]
            for number in range(n_paying[t]):
                if rest <= 0.0:
                    break
                u = supplies[t, number]
                took = min(rest, uses.most[t, site, u])
                surplus[t, site, u] -= took
                rest -= took


@compiled
def _paying(uses: Uses, prices: Prices, t: int, site: int, supplies: Ints) -> int:
    """List the supplies that pay more than the cheapest load costs, the best first; return how many."""
    least = uses.part_cost[t, site] if uses.part_capacity[t, site] > 0.0 else np.inf
    for module in range(uses.module_start[site], uses.module_start[site + 1]):
        least = min(least, uses.load[t, module])
    n_found = 0
    for u in range(prices.shape[2]):
        can_load = uses.most[t, site, u] > 0.0
        if can_load and prices[t, site, u] > least:
            supplies[n_found] = u
            n_found += 1
    found = supplies[:n_found].copy()
    ranks = np.argsort(-prices[t, site][found])
    for number in range(n_found):
        supplies[number] = found[ranks[number]]
    return n_found


@compiled
def _fill(
    uses: Uses,
    prices: Prices,
    where: tuple[int, int, int],
    supplies: Ints,
    earned: Floats,
    loaded: Floats,
) -> None:
    """Fill the modules of a set, the cheapest first, with the supplies that pay, the best first."""
    t, site, chosen_set = where
    start = uses.module_start[site]
    n_modules = uses.module_start[site + 1] - start
    cost = np.empty(n_modules + 1)
    room = np.empty(n_modules + 1)
    n_pieces = 0
    fixed = 0.0
    if uses.part_capacity[t, site] > 0.0:
        cost[0], room[0] = uses.part_cost[t, site], uses.part_capacity[t, site]
        n_pieces = 1
    for number in range(n_modules):
        if chosen_set >> number & 1:
            module = start + number
            fixed += uses.operating[t, module]
            place = n_pieces
            while place > 0 and cost[place - 1] > uses.load[t, module]:
                cost[place], room[place] = cost[place - 1], room[place - 1]
                place -= 1
            cost[place], room[place] = uses.load[t, module], uses.capacity[module]
            n_pieces += 1
    piece, total = 0, 0.0
    for u in supplies:
        rest = uses.most[t, site, u]
        while rest > 0.0 and piece < n_pieces:
            margin = prices[t, site, u] - cost[piece]
            if margin <= 0.0:
                piece = n_pieces
                break
            took = min(rest, room[piece])
            earned[t, chosen_set] += took * margin
            total += took
            rest -= took
            room[piece] -= took
            if room[piece] <= 0.0:
                piece += 1
        if piece >= n_pieces:
            break
    loaded[t, chosen_set] = total
    earned[t, chosen_set] -= fixed


@compiled
def _schedule(uses: Uses, site: int, earned: Floats) -> tuple[Ints, float]:
    """Return the best set of modules of each period, and what they earn over all.

    A site opens with one module; more are added where it operates. What opens and is given up may open
    again, which the model does not allow: that only lowers the bound.
    """
    n_periods, n_sets = earned.shape
    start = uses.module_start[site]
    standing = 0
    for number in range(uses.module_start[site + 1] - start):
        if uses.stands[start + number]:
            standing |= 1 << number
    best = np.full((n_periods, n_sets), -np.inf)
    before = np.zeros((n_periods, n_sets), dtype=np.int64)
    for t in range(n_periods):
        for after in range(n_sets):
            if earned[t, after] == -np.inf:
                continue
            for earlier in range(n_sets):
                if t == 0 and earlier != standing:
                    continue
                value = 0.0 if t == 0 else best[t - 1, earlier]
                if value == -np.inf or (earlier & ~after and not uses.may_close):
                    continue
                value += earned[t, after] - _added_cost(uses, t, site, earlier, after)
                if value > best[t, after]:
                    best[t, after] = value
                    before[t, after] = earlier
    last = best[n_periods - 1].argmax()
    sets = np.zeros(n_periods, dtype=np.int64)
    most = best[n_periods - 1, last]
    for t in range(n_periods - 1, -1, -1):
        sets[t] = last
        last = before[t, last]
    return sets, most


@within
def _added_cost(uses: Uses, t: int, site: int, earlier: int, after: int) -> float:
    """Return what it costs to add modules in a period; inf where they cannot be."""
    added = after & ~earlier
    if added == 0:
        return 0.0
    start = uses.module_start[site]
    opens = earlier == 0 and uses.part_capacity[t, site] <= 0.0
    if opens and added & (added - 1):
        return np.inf
    cost = 0.0
    for number in range(uses.module_start[site + 1] - start):
        if added >> number & 1:
            cost += uses.opened[t, start + number] if opens else uses.expanded[t, start + number]
    return cost


@compiled
def cheapest_cover(uses: Uses, required: Floats, chosen: Ints, cost: Floats) -> None:
    """Find the cheapest modules of each site that can take in what is required of it (t/yr).

    ``required`` by period and site. Fills in ``chosen``, as ``best_uses`` does, and ``cost`` (thousand CNY
    a year, by site; inf where no set of modules is large enough).
    """
    n_periods = len(required)
    for site in range(required.shape[1]):
        n_sets = 1 << (uses.module_start[site + 1] - uses.module_start[site])
        earned = np.zeros((n_periods, n_sets))
        for t in range(n_periods):
            for chosen_set in range(n_sets):
                earned[t, chosen_set] = -_covered(uses, t, site, chosen_set, required[t, site])
        sets, most = _schedule(uses, site, earned)
        cost[site] = -most
        for t in range(n_periods):
            chosen[t, site] = sets[t]


@compiled
def _covered(uses: Uses, t: int, site: int, chosen_set: int, required: float) -> float:
    """Return what a set of modules costs that takes in what is required; inf where it is too small."""
    start = uses.module_start[site]
    rest, cost = required, 0.0
    part = min(rest, uses.part_capacity[t, site])
    rest -= part
    cost += part * uses.part_cost[t, site]
    for number in range(uses.module_start[site + 1] - start):
        if chosen_set >> number & 1:
            took = min(rest, uses.capacity[start + number])
            rest -= took
            cost += uses.operating[t, start + number] + took * uses.load[t, start + number]
    return cost if rest <= TOO_LITTLE else np.inf


@compiled
def trial(prices: Prices, mean: Prices, most: Prices, length: float, out: Prices) -> None:
    """Write to ``out`` the prices a step of ``length`` along the mean surplus, none below 0.

    A tonne that is missing at a site moves the price of a supply by ``length / (tonnes it could load)``.
    """
    for t in range(prices.shape[0]):
        for site in range(prices.shape[1]):
            for u in range(prices.shape[2]):
                price = prices[t, site, u]
                if mean[t, site, u] != 0.0 and most[t, site, u] > 0.0:
                    price = max(0.0, price + length * mean[t, site, u] / most[t, site, u])
                out[t, site, u] = price


@compiled
def squared(prices: Prices, mean: Prices, most: Prices) -> float:
    """Return the squared length of the mean surplus in the measure of ``trial``."""
    total = 0.0
    for t in range(prices.shape[0]):
        for site in range(prices.shape[1]):
            for u in range(prices.shape[2]):
                surplus = mean[t, site, u]
                if surplus > 0.0 or (surplus < 0.0 and prices[t, site, u] > 0.0):
                    total += surplus * surplus / most[t, site, u]
    return total


@compiled
def average(mean: Prices, surplus: Prices, most: Prices, share: float) -> float:
    """Move the mean surplus by a share towards the last; return how far the two agreed before."""
    agreed = 0.0
    for t in range(mean.shape[0]):
        for site in range(mean.shape[1]):
            for u in range(mean.shape[2]):
                new, old = surplus[t, site, u], mean[t, site, u]
                if new != 0.0 and old != 0.0:
                    agreed += new * old / most[t, site, u]
                old = (1.0 - share) * old + share * new
                mean[t, site, u] = old if abs(old) > NEGLIGIBLE else 0.0
    return agreed
