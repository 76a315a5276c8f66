"""Variations of the network of the golden LPs: a table or a setting replaced, all else the same."""

from __future__ import annotations

from typing import Any

import pandas as pd

from netopt.data.instance import Instance
from netopt.data.read import make_instance
from netopt.data.settings import Settings
from netopt.data.tables import TABLES
from netopt.network.build import build_network
from netopt.network.network import Network
from netopt.policy.effects import Effects
from tests.formulation.golden_models import ROWS, SETTINGS

Rows = list[tuple[object, ...]]


def variant(settings: dict[str, Any] | None = None, **rows: Rows) -> Instance:
    """Return the golden instance with sections of its settings and tables replaced."""
    tables = {
        name: pd.DataFrame(table, columns=TABLES[name].column_names)
        for name, table in (ROWS | rows).items()
        if table
    }
    return make_instance(Settings.model_validate(SETTINGS | (settings or {})), tables)


def network_of(instance: Instance, effects: Effects | None = None) -> Network:
    """Return the network of an instance, by default without any policy."""
    return build_network(instance, effects or Effects())
