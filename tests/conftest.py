"""Campaigns: heavy tests behind a marker, of which CI runs a seeded sample."""

from __future__ import annotations

import os
import random

import pytest

REDUCED_CAMPAIGN = 24
"""How many campaign tests run where NETOPT_CAMPAIGN is ``reduced``."""
SEED = 20241122


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a seeded sample of the campaign where a reduced one is asked for."""
    if os.environ.get("NETOPT_CAMPAIGN") != "reduced":
        return
    campaign = [item for item in items if item.get_closest_marker("campaign")]
    chosen = set(random.Random(SEED).sample(campaign, min(REDUCED_CAMPAIGN, len(campaign))))  # noqa: S311
    left_out = [item for item in campaign if item not in chosen]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
