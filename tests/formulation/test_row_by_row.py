"""What is stated over whole tables is what plain loops say row by row, on random networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netopt.accounts import Perspective
from netopt.formulation.compile import standard_form
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.policy.effects import CountSites, ForceSite, SingleSource
from netopt.solution.form import StandardForm
from tests.formulation.golden_models import golden_network
from tests.formulation.row_by_row import RowByRow, Terms
from tests.instances_random import FEATURES, random_effects, random_instance

APART = ("capacity_limit",)
"""Rows whose coefficients are worked out from recipes; golden LPs and brute force hold them."""


def network_of(seed: int) -> Network:
    """Return a random network with about half of all features, every third with a planner's controls."""
    draw = np.random.default_rng(seed)
    features = [name for name in FEATURES if draw.random() < 0.5]
    instance = random_instance(seed, features=features)
    effects = random_effects(seed, instance)
    sites = sorted(instance["sites"]["site"])
    if seed % 3 == 0:
        effects = replace(
            effects,
            site_counts=(CountSites("at_least", minimum=1), CountSites("at_most", maximum=len(sites))),
            single_sources=(SingleSource("single_sourcing"),),
            forced_sites=(ForceSite("site_choice", sites[0], "open"),),
        )
    return build_network(instance, effects)


def rows_of(form: StandardForm) -> dict[tuple[str, ...], tuple[Terms, float, float]]:
    """Return the rows of a form by key."""
    matrix = form.matrix.tocsr()
    found = {}
    for number, key in enumerate(form.row_keys):
        cells = slice(matrix.indptr[number], matrix.indptr[number + 1])
        columns, values = matrix.indices[cells], matrix.data[cells]
        terms = {tuple(form.columns[int(c)]): float(v) for c, v in zip(columns, values, strict=True)}
        found[key] = (terms, float(form.row_lower[number]), float(form.row_upper[number]))
    return found  # type: ignore[return-value]


def assert_same_rows(network: Network) -> None:
    ours = rows_of(standard_form(network, Perspective.SOCIAL))
    ours = {key: row for key, row in ours.items() if key[0] not in APART}
    theirs = RowByRow(network).rows()
    assert ours.keys() == theirs.keys()
    for key, (terms, lower, upper) in theirs.items():
        assert ours[key][0] == pytest.approx(terms, rel=1e-9), key
        np.testing.assert_allclose(ours[key][1:], (lower, upper), rtol=1e-9, atol=1e-9, err_msg=str(key))


@pytest.mark.parametrize("seed", range(15))
def test_random_networks_have_the_rows_that_loops_find(seed: int) -> None:
    assert_same_rows(network_of(seed))


def test_the_golden_network_has_the_rows_that_loops_find() -> None:
    assert_same_rows(golden_network())


def test_every_equation_is_among_the_rows() -> None:
    tags = {key[0] for key in RowByRow(golden_network()).rows()}
    form = standard_form(golden_network(), Perspective.SOCIAL)
    assert tags == {block.tag for block in form.row_keys.blocks} - set(APART)


def test_a_form_has_names_for_rows_and_columns_in_order() -> None:
    form = standard_form(golden_network(), Perspective.SOCIAL)
    assert len(form.rows) == len(form.row_keys) == form.shape[0]
    assert len(form.columns) == form.shape[1]
    for number in (0, form.shape[0] // 2, form.shape[0] - 1, -1):
        assert form.row_keys[number] == list(form.row_keys)[number]
        assert form.rows[number].startswith(form.row_keys[number][0])
    at = form.row_keys.numbers("closing", "leakage")
    assert {form.row_keys[int(row)][0] for row in at} == {"closing", "leakage"}
    assert len(at) == sum(key[0] in ("closing", "leakage") for key in form.row_keys)
    assert form.columns.are("flow").sum() == sum(name.family == "flow" for name in form.columns)
    with pytest.raises(IndexError):
        form.row_keys[form.shape[0]]
