"""``netopt informal``: what moves the informal channel, and when formalising a tonne pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from netopt.cli.console import open_console
from netopt.cli.endings import LIMIT, SOLVED, stoppable
from netopt.cli.inputs import find_policy, split_names
from netopt.cli.options import Scenario, Solving, Talk
from netopt.cli.scenario import formal_share_of, open_scenario
from netopt.errors import UsageError

if TYPE_CHECKING:
    from netopt.analysis.break_even import BreakEven
    from netopt.data.instance import Instance

command = App(name="informal", help="Payments, fixed point and break-even of the informal channel.")


@command.command(name="payments")
def payments_command(
    instance: str,
    *,
    policy: str = "unified",
    shares: str = "0.6,0.8,0.9",
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Print the payment per pack and per tonne at which the formal channel holds a share, by jurisdiction.

    Derived from an assumed logit; nothing is solved. Columns: jurisdiction, share wanted, share now, CNY
    per pack, CNY per tonne, tonnes collected a year, CNY a year in all.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policy
        Name or TOML file of the policy whose levers come before the payment.
    shares
        Wanted formal shares, comma-separated.
    """
    from netopt.analysis.payments import ASSUMED, PAYMENT_COLUMNS, payments  # noqa: PLC0415 - heavy

    console = open_console(talk)
    loaded = _opened(instance, scenario)
    table = payments(loaded, find_policy(policy, loaded), _numbers(shares, "--shares"))
    console.note(ASSUMED)
    if talk.json:
        rows = table.to_dict("records")
        console.result("", {"status": "ok", "basis": ASSUMED, "payments": rows})
        return SOLVED
    whole = table.groupby("target_share", as_index=False)[
        ["collected_tonnes_per_year", "total_cny_per_year"]
    ]
    lines = [
        [row[0], f"{row[1]:.0%}", f"{row[2]:.1%}", *(f"{value:.2f}" for value in row[3:5])]
        + [f"{value:.0f}" for value in row[5:]]
        for row in table.itertuples(index=False, name=None)
    ]
    lines += [
        ["all", f"{row[0]:.0%}", "", "", "", *(f"{value:.0f}" for value in row[1:])]
        for row in whole.sum().itertuples(index=False, name=None)
    ]
    console.table(f"Payments ({ASSUMED})", PAYMENT_COLUMNS, lines)
    return SOLVED


@command.command(name="fixed-point")
def fixed_point_command(
    instance: str,
    *,
    policy: str,
    reference: str = "mandates",
    pass_through: float | None = None,
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Search the formal share that agrees with its own plan's unit cost: a scenario, without an interval.

    Ends with 5 where it has not converged.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policy
        Name or TOML file of the policy.
    reference
        The policy under which the instance's formal share was observed.
    pass_through
        Share (0 to 1) of a cost change that reaches the formal offer; the instance's where it is left out.
    """
    from netopt.analysis.fixed_point import fixed_point  # noqa: PLC0415 - heavy
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy

    console = open_console(talk)
    loaded = _opened(instance, scenario)
    effective = effective_options(solving, instance=loaded)
    asked, observed = find_policy(policy, loaded), find_policy(reference, loaded)
    passed = loaded.settings.leakage.pass_through if pass_through is None else pass_through
    with stoppable() as stop, console.progress(loaded.name) as progress:
        options = effective.solve_options(None, progress, stop)
        found = fixed_point(loaded, asked, observed, passed, options)
    code = SOLVED if found.is_converged else LIMIT
    status = "converged" if found.is_converged else "not_converged"
    console.result(found.to_text(), {"status": status, "exit_code": code, **found.to_dict()})
    return code


@command.command(name="break-even")
def break_even_command(
    instance: str,
    *,
    policy: str = "unified",
    metal_prices: str = "1",
    scenario: Scenario = Scenario(),  # noqa: B008 - frozen
    solving: Solving = Solving(),  # noqa: B008 - frozen
    talk: Talk = Talk(),  # noqa: B008 - frozen
) -> int:
    """Say, by chemistry, whether formalising a leaked tonne pays society, and from which damage on.

    Parameters
    ----------
    instance
        Folder of the instance, or the name of a shipped one.
    policy
        Name or TOML file of the policy.
    metal_prices
        Factors on all prices of recovered metals, comma-separated: one solve more per chemistry each.
    """
    from netopt.analysis.break_even import break_evens  # noqa: PLC0415 - heavy
    from netopt.cli.layering import effective_options  # noqa: PLC0415 - heavy

    console = open_console(talk)
    loaded = _opened(instance, scenario)
    effective = effective_options(solving, instance=loaded)
    asked, factors = find_policy(policy, loaded), _numbers(metal_prices, "--metal-prices")
    with stoppable() as stop, console.progress(loaded.name) as progress:
        options = effective.solve_options(None, progress, stop)
        found = break_evens(loaded, asked, factors, options)
    text = "\n".join(_line(item) for item in found)
    console.result(text, {"status": "ok", "break_even": [item.to_dict() for item in found]})
    return SOLVED


def _opened(path: str, scenario: Scenario) -> Instance:
    """Return the instance as the scenario has it, its formal share included."""
    if scenario.fix_sites is not None:
        raise UsageError("--fix-sites has no meaning here: what formalising costs is told with free sites")
    share = formal_share_of(scenario)
    loaded = open_scenario(path, scenario)
    return loaded if share is None else loaded.with_formal_share(share)


def _line(item: BreakEven) -> str:
    def interval(ends: tuple[float, float]) -> str:
        return f"[{ends[0]:,.0f}, {ends[1]:,.0f}]"

    tabled = f"{item.damage_cny_per_tonne:,.0f}"
    return (
        f"{item.commodity} at metal prices x {item.metal_price_factor:g}: formalising {item.verdict} "
        f"(saves {interval(item.saving_cny_per_tonne)} CNY/t; formal costs "
        f"{interval(item.formal_cny_per_tonne)}, informal {item.informal_cny_per_tonne:,.0f}); "
        f"break-even damage {interval(item.break_even_damage_cny_per_tonne)} where the "
        f"tables say {tabled}, gate fee {interval(item.break_even_gate_fee_cny_per_tonne)} CNY/t"
    )


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in split_names(text))
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a list of numbers") from None
