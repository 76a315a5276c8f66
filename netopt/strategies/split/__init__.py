"""Large cases: origins and facilities split, each solved exactly, and priced against each other."""
