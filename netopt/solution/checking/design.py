"""A design that was to be kept: every module is as the earlier plan left it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from netopt.units import INTEGRALITY_TOLERANCE

if TYPE_CHECKING:
    from netopt.data.design import Design
    from netopt.solution.checking.plan import Plan
    from netopt.solution.checking.verdict import Findings

_MODULE: Final = ["site", "size", "period"]
_FLAGS: Final = ["opened", "expanded", "closed", "renewed", "operating"]


def check_design(plan: Plan, design: Design, findings: Findings) -> None:
    """Check under ``fixed_design`` that what is built, closed, renewed and kept is the design's."""
    kept = design.decided.drop_duplicates(_MODULE).set_index(_MODULE)
    modules = plan.modules
    at = pd.MultiIndex.from_frame(modules[_MODULE])
    for flag in _FLAGS:
        meant = kept[flag].reindex(at, fill_value=False).to_numpy(dtype=bool)
        differs = modules[flag].astype(bool) != meant
        findings.rows("fixed_design", modules[[*_MODULE, flag]], differs, "not as in the kept design")
    share = plan.facts.arithmetic.column(kept["kept_share"]).reindex(at).fillna(0)
    off = pd.Series(modules["share"].to_numpy(), index=at) - share
    findings.sizes("fixed_design", off.abs(), off * 0 + INTEGRALITY_TOLERANCE, "share")
    used = kept[kept[["opened", "expanded", "renewed", "operating"]].any(axis=1)]
    gone = used[~used.index.isin(at)].reset_index()
    missing = pd.Series(True, index=gone.index, dtype=bool)
    findings.rows("fixed_design", gone[_MODULE], missing, "the kept design has what cannot be here")
