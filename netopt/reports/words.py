"""Titles of what the engine names by ids: categories, actors, kinds, states. All are in the catalogue."""

from __future__ import annotations

from typing import Final

CATEGORIES: Final = {
    "collection": "Collection",
    "purchases": "Purchases",
    "imports": "Imports",
    "testing": "Testing",
    "haulage": "Haulage",
    "loading": "Loading",
    "capital": "Capital",
    "fixed": "Fixed cost of plants",
    "processing": "Processing",
    "storage": "Storage",
    "delay": "Delay",
    "compliance": "Compliance",
    "platform": "Platforms",
    "disposal": "Disposal",
    "end_of_life": "End of second life",
    "recovered_metals": "Recovered metals (revenue)",
    "second_life": "Second life (revenue)",
    "exports": "Exports (revenue)",
    "informal_processing": "Informal processing",
    "informal_recovery": "Informal recovery (revenue)",
    "emissions": "Emissions",
    "informal_damage": "Informal damage",
    "informal_emissions": "Informal emissions",
    "scrap_purchase": "Purchase of packs",
    "gate_fee": "Gate fees",
    "rebate": "Rebates",
    "fine": "Fines",
    "local_tax": "Local tax",
    "levy": "Levies",
    "duty": "Duties",
    "carbon_price": "Carbon price",
    "subsidy": "Subsidies",
    "target_shortfall": "Missed targets",
    "unserved": "Unserved batteries",
}
KINDS: Final = {
    "resource": "resource cost",
    "externality": "externality",
    "transfer": "transfer",
    "penalty": "penalty",
}
ACTORS: Final = {
    "formal_chain": "Formal chain",
    "informal_channel": "Informal channel",
    "consumers": "Consumers",
    "local_government": "Local governments",
    "central_government": "Central government",
    "public": "The public",
    "suppliers": "Suppliers",
    "buyers": "Buyers",
    "nature": "Nature",
    "battery_maker": "Battery makers",
    "car_maker": "Car makers",
    "formal_recycler": "Formal recyclers",
}
STATES: Final = {
    "new": "new",
    "expanded": "expanded",
    "kept": "kept",
    "closed": "closed",
    "not built": "not built",
}
STATUSES: Final = {
    "optimal": "proven within the gap",
    "limit": "limit reached, not proven",
    "interrupted": "interrupted, not proven",
}
PERSPECTIVES: Final = {"social": "social", "private": "private"}
KINDS_OF_SOURCE: Final = {"sourced": "sourced", "derived": "derived", "assumed": "assumed"}
CALIBRATION_CLASSES: Final = {
    "fitted": "fitted",
    "held out": "held out",
    "input-sharing": "input-sharing",
    "unattainable": "unattainable",
}
