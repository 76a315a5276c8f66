from __future__ import annotations
import time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from netopt.strategies.split import kernels


class Dual:
    def __init__(self, layout, threads=2):
        self.x = layout
        x = layout
        T, S, U = x.most.shape
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)
        wh = x.whole["module"].tolist()
        self.load_cost = x.wide("loads", wh)
        self.operating_cost = x.wide("operating", wh)
        self.opened_cost = np.where(x.may_open, x.wide("opened", wh), np.inf)
        self.expanded_cost = np.where(x.may_build, x.wide("expanded", wh), np.inf)
        self.part_cost = np.zeros((T, S)); self.part_capacity = np.zeros((T, S)); self.part_gain = 0.0
        p = x.part
        if len(p):
            at = p.index.to_numpy()
            cap = p["capacity_tonnes_per_year"].to_numpy(dtype=float)
            var, fix = x.wide("loads", p["module"].tolist()), x.wide("operating", p["module"].tolist())
            ok = x.network.may_operate.loc[p["module"], x.periods].to_numpy().T
            self.part_capacity[:, at] = np.where(ok, cap, 0.0)
            self.part_cost[:, at] = var + np.maximum(fix, 0.0) / cap
            self.part_gain = float(np.where(ok, np.maximum(-fix, 0.0), 0.0).sum())
        self.U, self.S, self.T = U, S, T
        uns = np.full((U, T), np.inf)
        if x.network.instance.settings.prices.unserved_cny_per_tonne is not None:
            uns = x.wide("unserved", x.supplies["supply"].tolist()).T.copy()
        self.unserved_cost = uns

    def start_price(self):
        """The cheapest full use of each site's modules: what plain capacity rows would say."""
        x = self.x
        S, T = self.S, self.T
        base = np.full((T, S), np.inf)
        for s in range(S):
            m0, m1 = x.module_ptr[s], x.module_ptr[s + 1]
            for t in range(T):
                if self.part_capacity[t, s] > 0:
                    base[t, s] = self.part_cost[t, s]
            for m in range(m0, m1):
                for t0 in range(T):
                    if np.isfinite(self.opened_cost[t0, m]):
                        w = np.array([1.0] * (T - t0))
                        tot = self.opened_cost[t0, m] / x.capacity[m]
                        pw = self.weights[t0:]
                        for i, t in enumerate(range(t0, T)):
                            price = self.load_cost[t, m] + self.operating_cost[t, m] / x.capacity[m] + tot * pw[i] / pw.sum()
                            if t0 == 0 or True:
                                base[t, s] = min(base[t, s], price)
        return np.where(np.isfinite(base), base, 0.0)

    @property
    def weights(self):
        w = np.array([self.x.network.period_weights[p] for p in self.x.periods])
        return w / w.sum()

    def evaluate(self, q, rho):
        """q [T,S,U] float32; rho [R]. Return bound, load difference [T,S,U], rule violation."""
        x = self.x
        T, S, U = self.T, self.S, self.U
        net = x.element_cost - x.rules.T @ rho
        nr, npb = x.n_run, x.n_probe
        run_cost = net[x.run_index]
        run_cost = np.where((x.run_names != "")[None], run_cost, np.inf)
        probe = net[nr:nr + npb].reshape(T, -1, 3)
        own = np.ascontiguousarray(probe[:, :, 0])
        per_km = np.ascontiguousarray(probe[:, :, 1] - own)
        departs = np.ascontiguousarray(probe[:, :, 2] - own)
        market_cost = np.where(x.market_open, net[nr + npb:].reshape(T, -1), np.inf)
        price = np.ascontiguousarray(q.transpose(2, 0, 1))
        load = np.zeros((U, T, S), dtype=np.float32)
        value = np.zeros((U, T)); unserved = np.zeros((U, T))
        G = own.shape[1]
        parts = []

        def ways(a, b):
            run_load = np.zeros(x.shape_run); lane_amount = np.zeros((T, G, 3)); market_amount = np.zeros((T, market_cost.shape[1]))
            kernels.cheapest_ways(
                a, b, x.weight, x.origin_of, x.commodity_of, x.first_lanes_ptr, x.first_lanes,
                x.order, x.is_whole, x.n_left,
                x.recipe_ptr, x.run_site, x.run_units_in, x.out_ptr, x.out_commodity, x.out_yield,
                run_cost, x.shut,
                x.lane_ptr, x.lane_giver_ptr, x.lane_giver_site, x.lane_ptr, own, per_km, departs,
                x.lane_n_takers, x.lane_base, x.near_km, x.near_site, x.near_crosses, x.lane_marks, x.giver_of_source,
                x.market_ptr, x.market_site, market_cost, self.unserved_cost,
                price, load, run_load, lane_amount, market_amount, value, unserved)
            return run_load, lane_amount, market_amount

        profit = np.zeros(S); used = np.zeros((T, S), dtype=np.int64)
        sold = np.zeros((T, S, U), dtype=np.float32)

        def uses(a, b):
            kernels.best_uses(
                a, b, q, x.most, self.part_cost, self.part_capacity, x.module_ptr, x.capacity, x.stands,
                self.load_cost, self.operating_cost, self.opened_cost, self.expanded_cost, x.may_run, x.may_close,
                sold, profit, used)

        n = self.threads * 4
        cuts_u = np.linspace(0, U, n + 1).astype(int); cuts_s = np.linspace(0, S, n + 1).astype(int)
        t0 = time.perf_counter()
        got = list(self.pool.map(ways, cuts_u[:-1], cuts_u[1:]))
        t1 = time.perf_counter()
        list(self.pool.map(uses, cuts_s[:-1], cuts_s[1:]))
        t2 = time.perf_counter()
        self.times = (t1 - t0, t2 - t1)
        amounts = np.zeros(len(net))
        for run_load, lane_amount, market_amount in got:
            np.add.at(amounts, x.run_index, run_load)
            lane_amount[:, :, 0] -= lane_amount[:, :, 1] + lane_amount[:, :, 2]
            amounts[nr:nr + npb] += lane_amount.ravel()
            amounts[nr + npb:] += market_amount.ravel()
        bound = x.offset + float((value * x.weight).sum()) - float(profit.sum()) - self.part_gain + float(rho @ x.rule_side) + self.leaked
        diff = np.ascontiguousarray(load.transpose(1, 2, 0)) - sold
        violation = x.rule_side - x.rules @ amounts
        self.profit, self.used, self.value, self.amounts, self.sold = profit, used, value, amounts, sold
        self.path_load = load
        return bound, diff, violation

    def open_modules(self):
        """[T, M] 1 where a whole module operates in the last facility solution."""
        x = self.x
        site = np.repeat(np.arange(self.S), np.diff(x.module_ptr))
        bit = np.arange(len(site)) - x.module_ptr[:-1][site]
        return ((self.used[:, site] >> bit) & 1).astype(float)

    @property
    def leaked(self):
        if not hasattr(self, "_leaked"):
            x = self.x
            cost = x.wide("leaked", x.supplies["supply"].tolist())
            self._leaked = float((cost.T * x.network.leaked_tonnes[x.periods].to_numpy()).sum())
        return self._leaked


def ascend(dual, seconds, log=print, q=None, rho=None, patience=8):
    x = dual.x
    T, S, U = dual.T, dual.S, dual.U
    if q is None:
        q = np.repeat(dual.start_price()[:, :, None], U, axis=2).astype(np.float32)
    if rho is None:
        rho = np.where(np.isfinite(x.rule_cap), x.rule_cap, 0.0)
    began = time.monotonic()
    inv = np.where(x.most > 0, 1.0 / np.maximum(x.most, 1e-9), 0.0).astype(np.float32)
    best, best_q, best_rho = -np.inf, q, rho
    direction = np.zeros_like(q); rule_direction = np.zeros_like(rho)
    delta, since, n = None, 0, 0
    use = np.zeros(S)
    trace = []
    while time.monotonic() - began < seconds:
        bound, diff, violation = dual.evaluate(q, rho)
        n += 1
        if bound > best:
            if delta is not None and bound > best + 0.1 * delta: since = 0
            else: since += 1
            best, best_q, best_rho = bound, q.copy(), rho.copy()
        else:
            since += 1
        if delta is None:
            delta = 0.05 * abs(float((dual.value * x.weight).sum()))
        if since >= patience:
            delta *= 0.6; since = 0
            q, rho = best_q.copy(), best_rho.copy(); direction[:] = 0; rule_direction[:] = 0
            continue
        step = diff * inv
        rstep = violation / x.rule_scale
        direction = 0.4 * step + 0.6 * direction if n > 1 else step
        rule_direction = 0.4 * rstep + 0.6 * rule_direction if n > 1 else rstep
        norm = float((direction * diff).sum()) + float((rule_direction * violation).sum())
        if norm <= 0:
            direction, rule_direction = step, rstep
            norm = float((step * diff).sum()) + float((rstep * violation).sum())
        length = max(0.0, (best + delta - bound)) / max(norm, 1e-12)
        q = np.maximum(q + np.float32(length) * direction, 0.0)
        rho = np.clip(rho + length * rule_direction, 0.0, np.where(np.isfinite(x.rule_cap), x.rule_cap, np.inf))
        trace.append((time.monotonic() - began, bound, best))
        if n % 10 == 0:
            log(f"{n} {time.monotonic()-began:.1f}s bound {bound:.1f} best {best:.1f} delta {delta:.1f} open {int((dual.used.max(0)>0).sum())} times {dual.times}")
    return best, best_q, best_rho, trace


def volume(dual, seconds, log=print, q=None, rho=None, target=None, alpha=0.1, patience=10, lam=1.0):
    x = dual.x
    U = dual.U
    if q is None:
        q = np.repeat(dual.start_price()[:, :, None], U, axis=2).astype(np.float32)
    if rho is None:
        rho = np.where(np.isfinite(x.rule_cap), x.rule_cap, 0.0)
    cap = np.where(np.isfinite(x.rule_cap), x.rule_cap, np.inf)
    inv = np.where(x.most > 0, 1.0 / np.maximum(x.most, 1e-9), 0.0).astype(np.float32)
    began = time.monotonic()
    best, mean, rmean = dual.evaluate(q, rho)
    gross = float(np.abs(dual.value * x.weight).sum())
    T = best + 0.05 * gross if target is None else target
    since, n, green = 0, 1, 0
    masks = dual.open_modules()
    dual.mean_open = masks
    while time.monotonic() - began < seconds:
        step = mean * inv
        step[(q <= 0) & (step < 0)] = 0
        rstep = rmean / x.rule_scale
        rstep[(rho <= 0) & (rstep < 0)] = 0
        rstep[(rho >= cap) & (rstep > 0)] = 0
        norm = float((step * step * x.most).sum()) + float((rstep * rmean).sum())
        s = lam * (T - best) / max(norm, 1e-12)
        q1 = np.maximum(q + np.float32(s) * step, 0)
        rho1 = np.clip(rho + s * rstep, 0, cap)
        bound, diff, violation = dual.evaluate(q1, rho1)
        n += 1
        along = float((diff * step).sum()) + float((violation * rstep).sum())
        if bound > best:
            q, rho = q1, rho1
            gain = bound - best
            best = bound
            since = 0
            if along > 0:
                lam = min(lam * 1.2, 4.0); green += 1
            if target is None and best > T - 0.01 * gross: T = best + 0.03 * gross
        else:
            since += 1
            if since >= patience:
                lam *= 0.66; since = 0
        mean = np.float32(1 - alpha) * mean + np.float32(alpha) * diff
        rmean = (1 - alpha) * rmean + alpha * violation
        dual.mean_open = (1 - alpha) * dual.mean_open + alpha * dual.open_modules()
        if n % 25 == 0:
            log(f"{n} {time.monotonic()-began:.1f}s best {best:.1f} last {bound:.1f} lam {lam:.4g} T {T:.1f} norm {norm:.3g} open {int((dual.used.max(0)>0).sum())} green {green}")
    return best, q, rho
