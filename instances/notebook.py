# What `netopt new DIR --notebook` puts beside an instance; it plans the folder that it lies in.
# Open it with `marimo edit notebook.py`, show it with `marimo run notebook.py`, or run it as a script:
# `python notebook.py` prints the two statements that the cells at the end make.
#
# ruff: noqa: B018, D100, PLC0415, PLR0913, PLR0917, PLR1711

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="netopt")


@app.cell
def _():
    import marimo as mo
    import pandas as pd

    import netopt

    is_script = not mo.running_in_notebook()
    return is_script, mo, netopt, pd


@app.cell
def _(is_script, mo, netopt):
    folder = mo.notebook_dir()
    problems = netopt.validate_folder(folder)
    listed = "\n".join(f"* {problem}" for problem in problems)
    mo.stop(
        bool(problems) and not is_script,
        mo.md(f"**The tables have {len(problems)} problems.**\n\n{listed}"),
    )

    instance = netopt.read_instance(folder)
    options = netopt.solve_options(instance)
    supply = instance["supply"]
    retired_tonnes = supply[supply["period"] == instance.periods[0]]["supply_tonnes_per_year"].sum()
    mo.md(
        f"""
        # {instance.settings.instance.title}

        The tables beside this notebook are valid: {len(instance["sources"])} sources,
        {len(instance["sites"])} sites, {len(instance["markets"])} markets; in the first period
        {retired_tonnes:,.0f} t a year retire. Edit `data/*.csv`, then run the notebook again.
        """
    )
    return instance, options


@app.cell
def _(instance, mo):
    filled = [name for name, table in instance.tables.items() if len(table)]
    table_name = mo.ui.dropdown(filled, value="supply", label="Table")
    table_name
    return (table_name,)


@app.cell
def _(instance, mo, table_name):
    mo.ui.table(instance[table_name.value], selection=None)
    return


@app.cell
def _(instance, mo, netopt):
    def readable_policies():
        """Return the policies, own and shipped, that make sense on this instance."""
        found = {}
        for name in netopt.policy_names(instance):
            try:
                found[name] = netopt.read_policy(name, instance)
            except netopt.PolicyError:
                continue
        return found

    policies = readable_policies()
    social = [name for name, policy in policies.items() if policy.perspective == "social"]
    first = "unified" if "unified" in social else social[0]
    second = next(name for name in ["mandates", *policies] if name in policies and name != first)
    choice = mo.ui.dropdown(list(policies), value=first, label="Policy")
    mo.vstack([mo.md("## One policy"), choice])
    return choice, first, policies, second, social


@app.cell
def _(choice, instance, is_script, mo, netopt, options, policies):
    def planned(policy):
        """Return the plan under a policy; where there is none, the notebook says why and stops here."""
        try:
            return netopt.solve(instance, policy, options)
        except (netopt.InfeasibleError, netopt.PolicyError) as error:
            if is_script:
                raise
            mo.stop(True, mo.callout(mo.md(f"**{policy.title}: no plan.** {error}"), kind="warn"))

    solution = planned(policies[choice.value])
    outcome = solution.outcome
    low_m, high_m = outcome.lower_bound_cny_per_year / 1e6, outcome.upper_bound_cny_per_year / 1e6
    mo.hstack(
        [
            mo.stat(f"{low_m:,.2f} to {high_m:,.2f}", label="cost, m CNY a year", caption="bound to plan"),
            mo.stat(f"{outcome.gap:.4%}", label="gap", caption="of gross cost"),
            mo.stat("passed" if solution.verdict.ok else "FAILED", label="independent check"),
        ],
        justify="start",
    )
    return planned, solution


@app.cell
def _(mo, solution):
    by_category = solution.ledger.groupby(["kind", "category"], sort=False)["cny_per_year"].sum()
    ledger = (by_category / 1e6).round(3).rename("m CNY a year").reset_index()
    mo.vstack(
        [
            mo.md("Costs, and revenues below zero. What is of kind `transfer` costs society nothing."),
            mo.ui.table(ledger, selection=None),
        ]
    )
    return


@app.cell
def _(instance, mo):
    periods = {"mean of all": None, **{name: name for name in instance.periods}}
    period = mo.ui.dropdown(periods, value="mean of all", label="Period")
    mo.vstack([mo.md("## The plan on a map"), period])
    return (period,)


@app.cell
def _(netopt, period, solution):
    netopt.plot(solution, period.value, figsize=(9.4, 6.6), dpi=110)
    return


@app.cell
def _(mo, netopt, solution):
    layers = netopt.to_geopandas(solution)
    # For GIS: layers["routes"].to_file("routes.gpkg")
    plants = layers["facilities"][
        ["name", "facility_type", "status", "sizes", "load_tonnes_per_year", "utilisation_share"]
    ]
    mo.vstack([mo.md(f"Layers: {', '.join(layers)}. The facilities:"), mo.ui.table(plants, selection=None)])
    return


@app.cell
def _(first, mo, policies, second, social):
    base_name = mo.ui.dropdown(social, value=first, label="Base")
    other_name = mo.ui.dropdown(list(policies), value=second, label="compared with")
    mo.vstack([mo.md("## Two policies"), mo.hstack([base_name, other_name], justify="start")])
    return base_name, other_name


@app.cell
def _(base_name, instance, is_script, mo, netopt, options, other_name, policies):
    mo.stop(base_name.value == other_name.value, mo.md("Choose two different policies."))

    def compared():
        """Return the comparison; where a policy has no plan, the notebook says why and stops here."""
        sides = [policies[base_name.value], policies[other_name.value]]
        try:
            return netopt.compare(instance, sides, options, curve=False)
        except netopt.InfeasibleError as error:
            if is_script:
                raise
            mo.stop(True, mo.callout(mo.md(f"**No comparison.** {error}"), kind="warn"))

    comparison = compared()
    cost = comparison.headline[0]
    statement = (
        f"{cost.policy} costs society {cost.low_cny_per_year / 1e6:,.2f} to "
        f"{cost.high_cny_per_year / 1e6:,.2f} m CNY a year more than {cost.base}."
    )
    mo.vstack(
        [
            mo.md(f"**{statement}** Where the interval holds zero, the sign is not resolved."),
            mo.accordion({"Conditions, proof and costs by category": mo.md(comparison.to_markdown())}),
        ]
    )
    return comparison, statement


@app.cell
def _(is_script, statement):
    if is_script:
        print(statement)
    return


@app.cell
def _(comparison, mo, pd):
    sides = {
        name: plan.ledger.groupby(["kind", "category"])["cny_per_year"].sum() / 1e6
        for name, plan in comparison.solutions.items()
    }
    side_by_side = pd.DataFrame(sides).fillna(0.0)
    side_by_side["difference"] = side_by_side.iloc[:, 1] - side_by_side.iloc[:, 0]
    mo.ui.table(
        side_by_side.round(3).reset_index(), selection=None, label="m CNY a year, in the plans found"
    )
    return


@app.cell
def _(instance, mo):
    kinds = list(instance["facility_types"]["facility_type"])
    kind = mo.ui.dropdown(kinds, value=kinds[0], label="Facility type")
    mo.vstack(
        [
            mo.md(
                """
                ## A lever of your own

                Any lever of `netopt lever list` can be added to a policy. Here: the policy chosen above,
                and at least so many sites of a type, to begin with one more than in the plan found.
                """
            ),
            kind,
        ]
    )
    return (kind,)


@app.cell
def _(instance, kind, mo, solution):
    sites = instance["sites"].set_index("site")["facility_type"]
    facilities = solution.answer.facilities
    in_use = facilities[facilities["operating"]]["site"].drop_duplicates().map(sites)
    n_sites, n_in_use = int((sites == kind.value).sum()), int((in_use == kind.value).sum())
    minimum = mo.ui.slider(
        0, n_sites, value=min(n_in_use + 1, n_sites), label="Sites at least", show_value=True
    )
    minimum
    return (minimum,)


@app.cell
def _(choice, kind, minimum, mo, netopt, planned, policies, solution):
    count = netopt.make_lever("site_count", facility_types=[kind.value], minimum=minimum.value)
    own_policy = netopt.extend_policy(policies[choice.value], "own", [count], title="My own policy")
    own = planned(own_policy)
    # From the bound of one to the plan of the other: whatever the gaps, the difference lies between.
    least_cny = own.outcome.lower_bound_cny_per_year - solution.outcome.upper_bound_cny_per_year
    most_cny = own.outcome.upper_bound_cny_per_year - solution.outcome.lower_bound_cny_per_year
    own_statement = (
        f"With at least {minimum.value} sites of type {kind.value} the plan costs "
        f"{least_cny / 1e6:,.2f} to {most_cny / 1e6:,.2f} m CNY a year more than under {choice.value} "
        f"alone ({own_policy.perspective} cost)."
    )
    mo.md(own_statement)
    return own, own_statement


@app.cell
def _(netopt, own):
    netopt.plot(own, figsize=(9.4, 6.6), dpi=110)
    return


@app.cell
def _(is_script, own_statement):
    if is_script:
        print(own_statement)
    return


if __name__ == "__main__":
    app.run()
