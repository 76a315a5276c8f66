"""A railway beside the roads: a sensitivity, which the instances themselves leave out."""

from __future__ import annotations

import pandas as pd

from builder.figures import Figures

MODE = "rail"


def with_rail(figures: Figures, haulage: pd.DataFrame, distances: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return ``haulage`` and ``distances`` with trains between capitals, as far apart as by road.

    A tonne-kilometre costs a share of the road's, loading a multiple; emissions are the railway's.
    """
    tariff = haulage["tariff_cny_per_tonne_km"] * figures["rail.tariff_share"]
    trains = haulage.assign(
        mode=MODE,
        tariff_cny_per_tonne_km=tariff.round(4),
        loading_cny_per_tonne=haulage["loading_cny_per_tonne"] * figures["rail.loading_factor"],
        emission_kgco2e_per_tonne_km=figures["rail.emission"],
    )
    return {
        "haulage": pd.concat([haulage, trains], ignore_index=True),
        "distances": pd.concat([distances, distances.assign(mode=MODE)], ignore_index=True),
    }
