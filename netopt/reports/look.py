"""Colours of charts: those of the maps, which readers with any colour vision tell apart."""

from __future__ import annotations

from typing import Final

SERIES: Final = ("#1a5bd0", "#e3920b", "#8c0f78", "#059c6b", "#121418")
"""In the order of policies. The same five colours as the stages of maps; a test says so."""
LOSS: Final = "#e3920b"
GAIN: Final = "#059c6b"
SUM: Final = "#121418"
INK: Final = "#22272e"
QUIET_INK: Final = "#66707a"
RULE: Final = "#d9e0e6"
PARTS: Final = ("#059c6b", "#1a5bd0", "#b6c2cd", "#121418")
"""Cascade use, other formal treatment, informal, left lying."""
HEAT: Final = (
    "#f1f4f9",
    "#dbe5f6",
    "#bdd0f0",
    "#98b6e8",
    "#6f98de",
    "#477ad6",
    "#1a5bd0",
    "#1547a3",
    "#103577",
)
"""From few tonnes to many: lightness falls throughout, so that a grey print reads the same."""
FONT: Final = "system-ui, 'Segoe UI', 'Helvetica Neue', 'Noto Sans CJK SC', 'PingFang SC', sans-serif"
