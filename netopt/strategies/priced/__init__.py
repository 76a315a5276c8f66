"""Large cases: short arcs are listed, all others priced as a whole, links separated where violated."""
