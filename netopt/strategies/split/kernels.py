"""The two halves of the split model, compiled: the cheapest way of each supply, the best use of each site.

Everything is an array over numbers that ``layout`` gives out. ``q[period, site, supply]`` is what a tonne of a
supply pays for a tonne of load at a site.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MARKET = -2
NOWHERE = -1


@njit(cache=True, nogil=True, fastmath=False)
def cheapest_ways(
    first, last, weight, origin_of, commodity_of, first_lanes_ptr, first_lanes,
    order, is_whole, n_left,
    recipe_ptr, run_site, run_units_in, out_ptr, out_commodity, out_yield,
    run_cost, shut,
    lane_ptr, lane_giver_ptr, lane_giver_site, lane_row, lane_own, lane_per_km, lane_departs,
    lane_n_takers, lane_base, near_km, near_site, near_crosses, lane_marks, giver_of_source,
    market_ptr, market_site, market_cost,
    unserved_cost,
    price, load, run_load, lane_amount, market_amount, value, unserved,
):
    """Fill in what one tonne of each supply costs at least, and what it then loads where."""
    n_commodities = len(is_whole)
    n_sites = shut.shape[1]
    V = np.empty((n_commodities, n_left, n_sites))
    choice = np.empty((n_commodities, n_left, n_sites), dtype=np.int64)
    taker = np.empty((n_commodities, n_left, n_sites), dtype=np.int64)
    stack_k = np.empty(256, dtype=np.int64)
    stack_l = np.empty(256, dtype=np.int64)
    stack_s = np.empty(256, dtype=np.int64)
    stack_a = np.empty(256)
    n_periods = weight.shape[1]
    for u in range(first, last):
        o = origin_of[u]
        for t in range(n_periods):
            if weight[u, t] <= 0.0:
                value[u, t] = 0.0
                continue
            V[:] = np.inf
            for step in range(len(order)):
                k = order[step]
                lefts = n_left if is_whole[k] else 1
                for e in range(recipe_ptr[k], recipe_ptr[k + 1]):
                    s = run_site[e]
                    if shut[t, s]:
                        continue
                    for left in range(lefts):
                        cost = run_cost[t, o, left, e] + price[u, t, s]
                        for j in range(out_ptr[e], out_ptr[e + 1]):
                            made = out_commodity[j]
                            cost += out_yield[j] * V[made, left if is_whole[made] else 0, s]
                        cost /= run_units_in[e]
                        if cost < V[k, left, s]:
                            V[k, left, s] = cost
                            choice[k, left, s] = e
                            taker[k, left, s] = NOWHERE
                least = V[k].min()
                for a in range(market_ptr[k], market_ptr[k + 1]):
                    s = market_site[a]
                    for left in range(lefts):
                        if market_cost[t, a] < V[k, left, s]:
                            V[k, left, s] = market_cost[t, a]
                            choice[k, left, s] = a
                            taker[k, left, s] = MARKET
                if not np.isfinite(least):
                    continue
                for lane in range(lane_ptr[k], lane_ptr[k + 1]):
                    n_takers = lane_n_takers[lane]
                    for g in range(lane_giver_ptr[lane], lane_giver_ptr[lane + 1]):
                        s = lane_giver_site[g]
                        own, per_km, departs = lane_own[t, g], lane_per_km[t, g], lane_departs[t, g]
                        base = lane_base[lane] + (g - lane_giver_ptr[lane]) * n_takers
                        for left in range(lefts):
                            best, found = V[k, left, s], -1
                            for j in range(base, base + n_takers):
                                at = own + per_km * near_km[j]
                                if at + least >= best and per_km >= 0.0:
                                    break
                                after = left
                                if lane_marks[lane] and left == 0 and near_crosses[j]:
                                    at += departs
                                    after = 1
                                at += V[k, after, near_site[j]]
                                if at < best:
                                    best, found = at, j
                            if found >= 0:
                                V[k, left, s] = best
                                choice[k, left, s] = lane
                                taker[k, left, s] = found
            # the source itself
            k = commodity_of[u]
            best, best_lane, found, best_g = np.inf, -1, -1, -1
            least = V[k].min()
            for n in range(first_lanes_ptr[u], first_lanes_ptr[u + 1]):
                lane = first_lanes[n]
                g = giver_of_source[n]
                n_takers = lane_n_takers[lane]
                own, per_km, departs = lane_own[t, g], lane_per_km[t, g], lane_departs[t, g]
                base = lane_base[lane] + (g - lane_giver_ptr[lane]) * n_takers
                for j in range(base, base + n_takers):
                    at = own + per_km * near_km[j]
                    if at + least >= best and per_km >= 0.0:
                        break
                    after = 0
                    if lane_marks[lane] and near_crosses[j]:
                        at += departs
                        after = 1
                    at += V[k, after, near_site[j]]
                    if at < best:
                        best, best_lane, found, best_g = at, lane, j, g
            if unserved_cost[u, t] <= best:
                value[u, t] = unserved_cost[u, t]
                unserved[u, t] = weight[u, t]
                continue
            value[u, t] = best
            n_open = 1
            amount = weight[u, t]
            lane_amount[t, best_g, 0] += amount
            lane_amount[t, best_g, 1] += amount * near_km[found]
            after = 0
            if lane_marks[best_lane] and near_crosses[found]:
                lane_amount[t, best_g, 2] += amount
                after = 1
            stack_k[0], stack_l[0], stack_s[0], stack_a[0] = k, after, near_site[found], amount
            while n_open:
                n_open -= 1
                k, left, s, amount = stack_k[n_open], stack_l[n_open], stack_s[n_open], stack_a[n_open]
                where = taker[k, left, s]
                if where == MARKET:
                    market_amount[t, choice[k, left, s]] += amount
                elif where == NOWHERE:
                    e = choice[k, left, s]
                    tonnes = amount / run_units_in[e]
                    load[u, t, s] += tonnes
                    run_load[t, o, left, e] += tonnes
                    for j in range(out_ptr[e], out_ptr[e + 1]):
                        made = out_commodity[j]
                        stack_k[n_open] = made
                        stack_l[n_open] = left if is_whole[made] else 0
                        stack_s[n_open] = s
                        stack_a[n_open] = tonnes * out_yield[j]
                        n_open += 1
                else:
                    lane = choice[k, left, s]
                    n_takers = lane_n_takers[lane]
                    g = lane_giver_ptr[lane] + (where - lane_base[lane]) // n_takers
                    lane_amount[t, g, 0] += amount
                    lane_amount[t, g, 1] += amount * near_km[where]
                    after = left
                    if lane_marks[lane] and left == 0 and near_crosses[where]:
                        lane_amount[t, g, 2] += amount
                        after = 1
                    stack_k[n_open] = k
                    stack_l[n_open] = after
                    stack_s[n_open] = near_site[where]
                    stack_a[n_open] = amount
                    n_open += 1


@njit(cache=True, nogil=True, fastmath=False)
def best_uses(
    first, last, price, most,
    part_cost, part_capacity,
    module_ptr, capacity, stands, load_cost, operating_cost, opened_cost, expanded_cost, may_run,
    may_close,
    load, profit, mask_used,
):
    """Fill in the most that each site can earn from what supplies pay, and what it then loads."""
    n_periods, _, n_supplies = price.shape
    for s in range(first, last):
        m0, m1 = module_ptr[s], module_ptr[s + 1]
        n_modules = m1 - m0
        n_masks = 1 << n_modules
        W = np.full((n_periods, n_masks), -np.inf)
        filled = np.zeros((n_periods, n_masks))
        orders = np.empty((n_periods, n_supplies), dtype=np.int64)
        n_items = np.zeros(n_periods, dtype=np.int64)
        pieces_v = np.empty(n_modules + 1)
        pieces_c = np.empty(n_modules + 1)
        any_worth = False
        for t in range(n_periods):
            cheapest = part_cost[t, s] if part_capacity[t, s] > 0.0 else np.inf
            for m in range(m0, m1):
                cheapest = min(cheapest, load_cost[t, m])
            n = 0
            gain = 0.0
            for u in range(n_supplies):
                if most[t, s, u] > 0.0 and price[t, s, u] > cheapest:
                    orders[t, n] = u
                    n += 1
                    gain += most[t, s, u] * (price[t, s, u] - cheapest)
            n_items[t] = n
            W[t, 0] = 0.0
            if n == 0 and part_capacity[t, s] <= 0.0:
                for mask in range(1, n_masks):
                    W[t, mask] = 0.0
            else:
                keys = np.empty(n)
                for i in range(n):
                    keys[i] = -price[t, s, orders[t, i]]
                ranks = np.argsort(keys)
                chosen = orders[t, :n].copy()
                for i in range(n):
                    orders[t, i] = chosen[ranks[i]]
                for mask in range(n_masks):
                    n_pieces = 0
                    if part_capacity[t, s] > 0.0:
                        pieces_v[0], pieces_c[0] = part_cost[t, s], part_capacity[t, s]
                        n_pieces = 1
                    for m in range(n_modules):
                        if mask >> m & 1:
                            pieces_v[n_pieces] = load_cost[t, m0 + m]
                            pieces_c[n_pieces] = capacity[m0 + m]
                            n_pieces += 1
                    # few pieces: insertion sort by cost
                    for i in range(1, n_pieces):
                        v, c = pieces_v[i], pieces_c[i]
                        j = i - 1
                        while j >= 0 and pieces_v[j] > v:
                            pieces_v[j + 1], pieces_c[j + 1] = pieces_v[j], pieces_c[j]
                            j -= 1
                        pieces_v[j + 1], pieces_c[j + 1] = v, c
                    total, earned = 0.0, 0.0
                    i, p = 0, 0
                    room = pieces_c[0] if n_pieces else 0.0
                    rest = most[t, s, orders[t, 0]] if n else 0.0
                    while i < n and p < n_pieces:
                        margin = price[t, s, orders[t, i]] - pieces_v[p]
                        if margin <= 0.0:
                            break
                        took = min(room, rest)
                        earned += took * margin
                        total += took
                        room -= took
                        rest -= took
                        if room <= 0.0:
                            p += 1
                            if p < n_pieces:
                                room = pieces_c[p]
                        if rest <= 0.0:
                            i += 1
                            if i < n:
                                rest = most[t, s, orders[t, i]]
                    W[t, mask] = earned
                    filled[t, mask] = total
            for mask in range(n_masks):
                for m in range(n_modules):
                    if mask >> m & 1:
                        W[t, mask] -= operating_cost[t, m0 + m]
                        if not may_run[t, m0 + m]:
                            W[t, mask] = -np.inf
        # dynamic programme over what operates
        standing = 0
        for m in range(n_modules):
            if stands[m0 + m]:
                standing |= 1 << m
        best = np.full((n_periods, n_masks), -np.inf)
        came = np.zeros((n_periods, n_masks), dtype=np.int64)
        for t in range(n_periods):
            for mask in range(n_masks):
                if W[t, mask] == -np.inf:
                    continue
                for before in range(n_masks):
                    if t == 0:
                        if before != standing:
                            continue
                        value = 0.0
                    else:
                        value = best[t - 1, before]
                        if value == -np.inf:
                            continue
                    added = mask & ~before
                    if not may_close and (before & ~mask):
                        continue
                    if added & standing:
                        continue
                    if added:
                        is_first = before == 0 and part_capacity[t, s] <= 0.0
                        if is_first and added & (added - 1):
                            continue
                        for m in range(n_modules):
                            if added >> m & 1:
                                value -= opened_cost[t, m0 + m] if is_first else expanded_cost[t, m0 + m]
                    value += W[t, mask]
                    if value > best[t, mask]:
                        best[t, mask] = value
                        came[t, mask] = before
        mask = 0
        for other in range(n_masks):
            if best[n_periods - 1, other] > best[n_periods - 1, mask]:
                mask = other
        profit[s] = best[n_periods - 1, mask]
        for t in range(n_periods - 1, -1, -1):
            mask_used[t, s] = mask
            rest = filled[t, mask]
            for i in range(n_items[t]):
                if rest <= 0.0:
                    break
                u = orders[t, i]
                took = min(rest, most[t, s, u])
                load[t, s, u] = took
                rest -= took
            mask = came[t, mask]
