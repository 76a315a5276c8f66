"""How a case is solved with a proof."""
